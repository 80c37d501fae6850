//! A client with one connection, which it keeps. Nothing that happens to it is a panic: it is what is measured.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::support::client::{Call, Reply};

/// A call that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(15);

/// The client.
pub struct Caller {
    to: SocketAddr,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Caller {
    /// A client of that address.
    pub fn new(to: SocketAddr) -> Self {
        Self { to, connection: None }
    }

    /// The whole reply, or why there is none.
    pub async fn call(&mut self, call: Call) -> Result<Reply, String> {
        match tokio::time::timeout(LIMIT, self.send(call)).await {
            Ok(done) => done,
            Err(_) => {
                self.connection = None;
                Err(format!("no end within {LIMIT:?}"))
            }
        }
    }

    async fn send(&mut self, call: Call) -> Result<Reply, String> {
        let mut connection = match self.connection.take() {
            Some(kept) if !kept.is_closed() => kept,
            _ => connect(self.to).await?,
        };
        // The server may have closed it at this very moment, as it may any idle connection.
        if connection.ready().await.is_err() {
            connection = connect(self.to).await?;
        }
        let response =
            connection.send_request(call.request(self.to)).await.map_err(|error| format!("no reply: {error}"))?;
        let (head, mut body) = response.into_parts();
        let (mut bytes, mut complete) = (Vec::new(), true);
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Err(_) => {
                    complete = false;
                    break;
                }
            }
        }
        self.connection = complete.then_some(connection);
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, body: bytes.into(), complete })
    }
}

async fn connect(to: SocketAddr) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect(to).await.map_err(|error| format!("no connection: {error}"))?;
    let _ = stream.set_nodelay(true);
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(sender)
}
