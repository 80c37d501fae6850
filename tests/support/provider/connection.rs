//! One HTTP/1.1 connection of a provider, byte by byte.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::{Seen, State, Step};

/// A stream that can be broken off without a goodbye.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Stream for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Serves requests until either side has enough.
pub(super) async fn serve(mut stream: impl Stream, state: &State) {
    let mut buffer = BytesMut::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        for step in state.react(&request) {
            match play(&mut stream, step, state).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => {
                    state.hung_up.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
        }
    }
}

/// `Ok(false)`: the script ends the connection. An error: the other side did.
async fn play(stream: &mut impl Stream, step: Step, state: &State) -> io::Result<bool> {
    match step {
        Step::Write(bytes) => {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
        }
        Step::Repeat(bytes) => loop {
            stream.write_all(&bytes).await?;
            // The other side of these sockets runs on the same thread.
            tokio::task::yield_now().await;
        },
        Step::Drip(bytes, pause) => loop {
            patiently(stream, pause).await?;
            stream.write_all(&bytes).await?;
        },
        Step::Pause(pause) => patiently(stream, pause).await?,
        Step::Gate => tokio::select! {
            permit = state.gate.acquire() => permit.expect("the gate is never closed").forget(),
            gone = departure(stream) => return Err(gone),
        },
        Step::Echo => loop {
            let mut bytes = [0; 1024];
            let length = stream.read(&mut bytes).await?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            stream.write_all(format!("echo of {length} bytes").as_bytes()).await?;
        },
        Step::Silence => return Err(departure(stream).await),
        Step::Close => {
            let _ = stream.shutdown().await;
            return Ok(false);
        }
        Step::Reset => {
            let _ = stream.tcp().set_zero_linger();
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits so long, unless the other side leaves before.
async fn patiently(stream: &mut impl Stream, pause: Duration) -> io::Result<()> {
    match tokio::time::timeout(pause, departure(stream)).await {
        Ok(gone) => Err(gone),
        Err(_) => Ok(()),
    }
}

/// Waits until the other side leaves.
async fn departure(stream: &mut impl Stream) -> io::Error {
    let mut ignored = [0; 1024];
    loop {
        match stream.read(&mut ignored).await {
            Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

async fn read_request(stream: &mut impl Stream, buffer: &mut BytesMut) -> Option<Seen> {
    let head = read_head(stream, buffer).await?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.into(), v.into())).collect();
    let mut seen = Seen { method, path, headers, body: Bytes::new() };
    seen.body = if seen.header("transfer-encoding").is_some() {
        read_chunks(stream, buffer).await?
    } else {
        let length = seen.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        take(stream, buffer, length).await?
    };
    Some(seen)
}

async fn read_head(stream: &mut impl Stream, buffer: &mut BytesMut) -> Option<String> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = buffer.split_to(end + 4);
            return Some(String::from_utf8_lossy(&head[..end]).into_owned());
        }
        fill(stream, buffer).await?;
    }
}

async fn read_chunks(stream: &mut impl Stream, buffer: &mut BytesMut) -> Option<Bytes> {
    let mut body = BytesMut::new();
    loop {
        let end = loop {
            match buffer.windows(2).position(|window| window == b"\r\n") {
                Some(end) => break end,
                None => fill(stream, buffer).await?,
            }
        };
        let line = buffer.split_to(end + 2);
        let size = usize::from_str_radix(std::str::from_utf8(&line[..end]).ok()?, 16).ok()?;
        let chunk = take(stream, buffer, size + 2).await?;
        if size == 0 {
            return Some(body.freeze());
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

async fn take(stream: &mut impl Stream, buffer: &mut BytesMut, length: usize) -> Option<Bytes> {
    while buffer.len() < length {
        buffer.reserve(length - buffer.len());
        fill(stream, buffer).await?;
    }
    Some(buffer.split_to(length).freeze())
}

async fn fill(stream: &mut impl Stream, buffer: &mut BytesMut) -> Option<()> {
    match stream.read_buf(buffer).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}
