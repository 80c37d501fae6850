//! A server that ends TLS with our leaves, whatever name it is asked for.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::server::Acceptor;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::STRANGER;
use crate::trust::Leaves;
use crate::trust::leaf::{self, Common};

pub(super) const ANSWER: &str = "seen to work";

pub(super) struct Server {
    pub address: SocketAddr,
}

impl Server {
    /// Runs as long as the test's process.
    pub(super) fn start(leaves: Arc<Leaves>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let leaves = leaves.clone();
                std::thread::spawn(move || serve(client, &leaves));
            }
        });
        Self { address }
    }
}

/// As HTTP/1.1, whatever was agreed upon: one answer, then the end.
fn serve(mut client: TcpStream, leaves: &Leaves) -> Option<()> {
    client.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut acceptor = Acceptor::default();
    let accepted = loop {
        acceptor.read_tls(&mut client).ok().filter(|read| *read > 0)?;
        if let Some(accepted) = acceptor.accept().ok()? {
            break accepted;
        }
    };
    let host = accepted.client_hello().server_name()?.to_owned();
    let config = if host == STRANGER { stranger(leaves) } else { leaves.config(&host).ok()? };
    // Without h2: what follows is no HTTP/2.
    let mut config = (*config).clone();
    config.alpn_protocols.retain(|protocol| protocol == b"http/1.1");
    let connection: ServerConnection = accepted.into_connection(config.into()).ok()?;
    let resumed = |connection: &ServerConnection| connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
    let mut stream = StreamOwned::new(connection, client);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let body = format!("{ANSWER}{}", if resumed(&stream.conn) { ", resumed" } else { "" });
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}

fn stranger(leaves: &Leaves) -> Arc<ServerConfig> {
    let authority = leaves.authority(super::LISTED, SystemTime::now()).unwrap();
    leaf::config(STRANGER, &authority, &Common::new().unwrap(), SystemTime::now()).unwrap()
}
