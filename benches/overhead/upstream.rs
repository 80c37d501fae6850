//! The provider: the least HTTP/1.1 that answers a call, so that it never is what is measured.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::load::{LOADS, Load, Reply, STREAM_END, STREAM_HEAD};

/// A running upstream.
#[derive(Clone)]
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    load: Mutex<&'static Load>,
    /// Events that may be written in lockstep.
    allowed: Semaphore,
}

impl Upstream {
    /// Listens on a free port.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State { load: Mutex::new(&LOADS[0]), allowed: Semaphore::new(0) });
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = shared.clone();
                tokio::spawn(async move { serve(stream, &state).await.ok() });
            }
        });
        Self { address, state }
    }

    /// How calls are answered from now on.
    pub fn answer(&self, load: &'static Load) {
        *self.state.load.lock().expect("not poisoned") = load;
    }

    /// A stream in lockstep begins. Two events may go ahead: a proxy may hold the first, which only names the role.
    pub fn begin_lockstep(&self) {
        self.state.allowed.forget_permits(usize::MAX);
        self.state.allowed.add_permits(2);
    }

    /// The client has got `events` more words.
    pub fn received(&self, events: usize) {
        self.state.allowed.add_permits(events);
    }
}

async fn serve(mut stream: TcpStream, state: &State) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 256 << 10];
    let mut filled = 0;
    loop {
        let Some(head) = memmem::find(&buffer[..filled], b"\r\n\r\n") else {
            match stream.read(&mut buffer[filled..]).await? {
                0 => return Ok(()),
                read => filled += read,
            }
            continue;
        };
        // A health probe has no body. Answered with a stream it would wait for words that nobody reads, and take their turn.
        let called = buffer.starts_with(b"POST");
        let mut left = (head + 4 + content_length(&buffer[..head])) as isize - filled as isize;
        while left > 0 {
            match stream.read(&mut buffer).await? {
                0 => return Ok(()),
                read => left -= read as isize,
            }
        }
        filled = 0;
        let load = *state.load.lock().expect("not poisoned");
        match load.reply {
            _ if !called => stream.write_all(load.model.json()).await?,
            Reply::Json => stream.write_all(load.model.json()).await?,
            _ => stream_events(&mut stream, load, &state.allowed).await?,
        }
    }
}

async fn stream_events(stream: &mut TcpStream, load: &Load, allowed: &Semaphore) -> io::Result<()> {
    stream.write_all(STREAM_HEAD).await?;
    if load.reply == Reply::Batch {
        for batch in load.model.stream().concat().chunks(16 << 10) {
            stream.write_all(batch).await?;
        }
    } else {
        for event in load.model.stream() {
            if load.reply == Reply::Lockstep {
                allowed.acquire().await.expect("never closed").forget();
            }
            stream.write_all(event).await?;
        }
    }
    stream.write_all(STREAM_END).await
}

/// The length of a body. A request without one has none.
pub fn content_length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).expect("a head of text");
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let value = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value.trim());
    value.map_or(0, |value| value.parse().expect("a number"))
}
