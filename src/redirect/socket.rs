//! A batch on its way to the kernel, and what the kernel says.

use std::io::{self, Read, Write};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::batch::Batch;
use super::message::HEADER;
use super::refusal::Refusal;

/// `NLMSG_ERROR`, also of success.
const ANSWER: u16 = 2;

/// The kernel answers before `send` returns; this is for a kernel that does not answer at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends `batch`, and returns when the kernel has said yes to all of it.
pub(super) fn send(batch: &Batch) -> Result<(), Refusal> {
    let mut socket = open().map_err(|error| Refusal::new("open a socket to the kernel", error))?;
    socket.write_all(&batch.bytes).map_err(|error| Refusal::new("send the rules to the kernel", error))?;
    let mut said_yes = 0;
    let mut buffer = vec![0; 64 << 10];
    while said_yes < batch.does.len() {
        let read = socket.read(&mut buffer).map_err(|error| Refusal::new("hear what the kernel says", error))?;
        for (sequence, code) in answers(&buffer[..read]) {
            if code != 0 {
                let does = usize::try_from(sequence).ok().and_then(|number| batch.does.get(number.checked_sub(1)?));
                let does = does.map_or("take the rules", String::as_str);
                return Err(Refusal::new(does, io::Error::from_raw_os_error(code.saturating_neg())));
            }
            said_yes += 1;
        }
    }
    Ok(())
}

fn open() -> io::Result<Socket> {
    let (domain, protocol) = (Domain::from(libc::AF_NETLINK), Protocol::from(libc::NETLINK_NETFILTER));
    let socket = Socket::new(domain, Type::from(libc::SOCK_RAW | libc::SOCK_CLOEXEC), Some(protocol))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// The answers in what was read: to which message, and the error's number, negative; 0 is success.
pub(super) fn answers(mut bytes: &[u8]) -> Vec<(u32, i32)> {
    let mut answers = Vec::new();
    while let Some((length, kind, code, sequence)) = answer(bytes) {
        if kind == ANSWER {
            answers.push((sequence, code));
        }
        let Some(rest) = length.checked_next_multiple_of(4).and_then(|length| bytes.get(length..)) else { break };
        bytes = rest;
    }
    answers
}

/// The head of a message: its length, its kind, and of an answer the code and the number of what is answered.
fn answer(bytes: &[u8]) -> Option<(usize, u16, i32, u32)> {
    let four = |at: usize| bytes.get(at..at + 4)?.try_into().ok();
    let length = usize::try_from(u32::from_ne_bytes(four(0)?)).ok().filter(|length| *length >= HEADER)?;
    let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
    let code = four(HEADER).map_or(0, i32::from_ne_bytes);
    let sequence = u32::from_ne_bytes(four(8)?);
    Some((length, kind, code, sequence))
}
