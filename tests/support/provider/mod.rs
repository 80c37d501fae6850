//! A simulated provider: real sockets, scripted replies, and a memory of every request.
//!
//! What it does next is a [`Behaviour`], which can be changed while it runs. Bytes are written by hand rather than by
//! an HTTP library, because most of its work is to misbehave. Probes (GET) are answered by a behaviour of their own,
//! so that a test about calls is not disturbed by a health check that comes along.

mod answer;
mod connection;
mod http2;
mod script;
mod tls;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::secrets;

pub use answer::{Answer, sse};
pub use script::{Behaviour, Script, Step, chunked, framed, halves};
pub use tls::Authority;

/// A running provider. It ends when this is dropped.
pub struct Provider {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<State>,
    door: Mutex<Option<Door>>,
}

/// What is at the address: a listener, or a socket that holds the port and refuses.
enum Door {
    Open(JoinHandle<()>),
    Closed(TcpSocket),
}

/// What every connection shares.
struct State {
    behaviour: Mutex<Behaviour>,
    next: Mutex<VecDeque<Behaviour>>,
    probe: Mutex<Behaviour>,
    seen: Mutex<Vec<Seen>>,
    /// Secrets that came here and belong elsewhere.
    leaked: Mutex<Vec<String>>,
    port: u16,
    forgets: AtomicBool,
    connections: AtomicUsize,
    hung_up: AtomicUsize,
    gate: Semaphore,
    speak: Speak,
}

/// What is spoken on a new connection.
enum Speak {
    Plain,
    Tls(tokio_rustls::TlsAcceptor),
    Http2(tokio_rustls::TlsAcceptor),
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Provider {
    /// A provider that answers every call well.
    pub async fn start() -> Self {
        Self::behaving(Behaviour::ok()).await
    }

    /// A provider of that behaviour.
    pub async fn behaving(behaviour: Behaviour) -> Self {
        Self::speaking("http", Speak::Plain, behaviour).await
    }

    /// A provider behind TLS, with a leaf of `authority`. Speaks HTTP/1.1.
    pub async fn tls(authority: &Authority) -> Self {
        Self::speaking("https", Speak::Tls(authority.acceptor(b"http/1.1")), Behaviour::ok()).await
    }

    /// A provider behind TLS that insists on HTTP/2.
    pub async fn http2(authority: &Authority) -> Self {
        Self::speaking("https", Speak::Http2(authority.acceptor(b"h2")), Behaviour::ok()).await
    }

    /// Nobody listens, and nobody else can take the port.
    pub async fn refusing() -> Self {
        let provider = Self::start().await;
        provider.refuse().await;
        provider
    }

    async fn speaking(scheme: &'static str, speak: Speak, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            behaviour: Mutex::new(behaviour),
            next: Mutex::default(),
            probe: Mutex::new(Behaviour::ok()),
            seen: Mutex::default(),
            leaked: Mutex::default(),
            port: address.port(),
            forgets: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            hung_up: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            speak,
        });
        let door = Mutex::new(Some(Door::Open(tokio::spawn(accept(listener, state.clone())))));
        Self { address, scheme, state, door }
    }

    /// The base URL, for a configuration.
    pub fn url(&self) -> String {
        self.url_at("127.0.0.1")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The base URL under another name for this machine.
    pub fn url_at(&self, host: &str) -> String {
        format!("{}://{host}:{}/v1", self.scheme, self.address.port())
    }

    /// Requests are no longer remembered: there will be many. (The benches use it.)
    #[allow(dead_code)]
    pub fn forget(&self) {
        self.state.forgets.store(true, Ordering::SeqCst);
    }

    /// From now on it behaves so.
    pub fn set(&self, behaviour: Behaviour) {
        *self.state.behaviour.lock().unwrap() = behaviour;
    }

    /// The next call only gets this; several queue up.
    pub fn once(&self, behaviour: Behaviour) {
        self.state.next.lock().unwrap().push_back(behaviour);
    }

    /// How health checks are answered from now on.
    pub fn set_probe(&self, behaviour: Behaviour) {
        *self.state.probe.lock().unwrap() = behaviour;
    }

    /// Dies: open connections break, new ones are refused. The port stays ours.
    pub async fn refuse(&self) {
        let open = self.door.lock().unwrap().take();
        if let Some(Door::Open(accepting)) = open {
            accepting.abort();
            let _ = accepting.await;
        }
        *self.door.lock().unwrap() = Some(Door::Closed(hold(self.address)));
    }

    /// Comes back after [`Self::refuse`].
    pub fn come_back(&self) {
        let mut door = self.door.lock().unwrap();
        let Some(Door::Closed(socket)) = door.take() else { panic!("the provider is not away") };
        let listener = socket.listen(64).expect("to listen again");
        *door = Some(Door::Open(tokio::spawn(accept(listener, self.state.clone()))));
    }

    /// Opens the gate for everyone who waits at one, now or later.
    pub fn release(&self) {
        self.state.gate.add_permits(10_000);
    }

    /// Every model call so far (POST).
    pub fn calls(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().iter().filter(|seen| seen.method == "POST").cloned().collect()
    }

    /// Every request so far, probes included.
    pub fn requests(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// The only call so far.
    #[track_caller]
    pub fn call(&self) -> Seen {
        let mut calls = self.calls();
        assert_eq!(calls.len(), 1, "exactly one call expected");
        calls.remove(0)
    }

    /// The latest call.
    #[track_caller]
    pub fn last(&self) -> Seen {
        self.calls().pop().expect("a call")
    }

    /// Every request since it was last asked so, for a test with too many to keep.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.state.seen.lock().unwrap())
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// How often the other side left in the middle of a reply.
    pub fn hung_up(&self) -> usize {
        self.state.hung_up.load(Ordering::SeqCst)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if let Some(Door::Open(accepting)) = &*self.door.lock().unwrap() {
            accepting.abort();
        }
        let leaked = self.state.leaked.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(leaked.is_empty() || std::thread::panicking(), "{leaked:?} came to {}", self.address);
    }
}

impl State {
    /// Remembers a request and says what to do about it.
    fn react(&self, seen: &Seen) -> Script {
        if !self.forgets.load(Ordering::SeqCst) {
            self.leaked.lock().unwrap().extend(seen.misplaced(self.port));
            self.seen.lock().unwrap().push(seen.clone());
        }
        let behaviour = match seen.method.as_str() {
            "GET" => self.probe.lock().unwrap().clone(),
            _ => self.next.lock().unwrap().pop_front().unwrap_or_else(|| self.behaviour.lock().unwrap().clone()),
        };
        behaviour.react(seen)
    }
}

impl Seen {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Secrets in any part of it that the provider at `port` should not know.
    fn misplaced(&self, port: u16) -> Vec<String> {
        let headers = self.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        let parts = headers.chain([self.path.as_bytes(), &self.body[..]]);
        parts.flat_map(|part| secrets::misplaced(part, port)).collect()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A socket that is bound but does not listen: connections to it are refused.
fn hold(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("to reuse the address");
    socket.bind(address).expect("to hold the port");
    socket
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    // Dropped with this future, and the connections with it: that is how a provider dies.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(serve(stream, state.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    match &state.speak {
        Speak::Plain => connection::serve(stream, &state).await,
        Speak::Tls(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                connection::serve(stream, &state).await;
            }
        }
        Speak::Http2(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                http2::serve(stream, state).await;
            }
        }
    }
}
