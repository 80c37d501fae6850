//! Who may know which secret: looked after in every test, without a line in any of them.
//!
//! A secret's name says where it belongs. `sk-secret-NAME` is the key of a configured provider, and goes to the ports
//! that the configuration names beside it; `sk-client-of-PORT` is what a client has for the host at that port, whoever
//! carries it there. A provider looks through every request that it gets, a client through every reply; when a proxy
//! ends, its log and all that its operator can ask for are looked through, where no secret may be at all.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// How every secret begins.
const KINDS: [&str; 2] = ["sk-secret-", "sk-client-of-"];

/// What the operator's door shows.
const PAGES: [&str; 3] = ["/config", "/targets", "/metrics"];

/// Long enough for a door on this machine; a process that has ended refuses at once.
const PATIENCE: Duration = Duration::from_secs(2);

/// Secrets of configured providers, each with a port where it may go.
static CONFIGURED: LazyLock<Mutex<HashSet<(String, u16)>>> = LazyLock::new(Mutex::default);

/// What a client has for the host at that port; 0 is a host that no test reaches.
pub fn of_client(port: u16) -> String {
    format!("{}{port}", KINDS[1])
}

/// From now on the secrets of this configuration may go to the ports in the same line.
pub fn configured(text: &str) {
    let mut known = CONFIGURED.lock().unwrap_or_else(PoisonError::into_inner);
    for line in text.lines() {
        let ports: Vec<u16> = line.split(':').skip(1).filter_map(leading_number).collect();
        for secret in secrets(line.as_bytes()) {
            known.extend(ports.iter().map(|port| (secret.clone(), *port)));
        }
    }
}

/// Those of the secrets in `bytes` that the provider at `port` should never have seen.
pub fn misplaced(bytes: &[u8], port: u16) -> Vec<String> {
    let found = secrets(bytes);
    if found.is_empty() {
        return found;
    }
    let known = CONFIGURED.lock().unwrap_or_else(PoisonError::into_inner);
    found.into_iter().filter(|secret| *secret != of_client(port) && !known.contains(&(secret.clone(), port))).collect()
}

/// Fails where `bytes`, which are `what`, hold any secret.
#[track_caller]
pub fn none_in(what: &str, bytes: &[u8]) {
    let found = secrets(bytes);
    assert!(found.is_empty(), "{what} tells {found:?}: {}", String::from_utf8_lossy(bytes));
}

/// Fails where the operator's door shows one.
pub fn none_at_the_door(admin: SocketAddr) {
    for page in PAGES {
        none_in(page, &ask(admin, page).unwrap_or_default());
    }
}

/// Without a runtime, for this is where something is dropped.
fn ask(admin: SocketAddr, page: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&admin, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {page} HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Ok(answer)
}

/// Every secret in `bytes`, whole.
fn secrets(bytes: &[u8]) -> Vec<String> {
    let starts = |kind: &'static str| memchr::memmem::find_iter(bytes, kind).map(move |at| (at, kind.len()));
    let whole = |(at, kind): (usize, usize)| {
        let rest = bytes[at + kind..].iter();
        let end = at + kind + rest.take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).count();
        String::from_utf8_lossy(&bytes[at..end]).into_owned()
    };
    KINDS.into_iter().flat_map(starts).map(whole).collect()
}

fn leading_number(text: &str) -> Option<u16> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}
