//! The yardstick of tunnels: what socat does, which is to read and to write.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

/// The argument with which this executable is the proxy, followed by its own address and the host's.
pub const ROLE: &str = "plain-copy";

/// Twice socat's, so that it is not the yardstick's weakness that is measured.
const BUFFER: usize = 16 << 10;

/// Runs until killed.
pub fn run(listen: &str, host: &str) {
    for client in TcpListener::bind(listen).expect("the address").incoming().map_while(Result::ok) {
        let host = TcpStream::connect(host).expect("the host");
        let (from_client, to_host) = (client.try_clone().expect("a socket"), host.try_clone().expect("a socket"));
        std::thread::spawn(|| pass(from_client, to_host));
        // Here and not in a thread of its own, whose CPU time nobody could ask for when it has ended.
        pass(host, client);
    }
}

/// Not `io::copy`, which lets the kernel splice.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; BUFFER];
    let mut pass = || -> io::Result<()> {
        loop {
            match from.read(&mut buffer)? {
                0 => return to.shutdown(Shutdown::Write),
                length => to.write_all(&buffer[..length])?,
            }
        }
    };
    // A side that left has nothing more to be told.
    pass().ok();
}
