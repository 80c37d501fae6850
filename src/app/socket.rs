//! A listening socket as a service of Pingora's server.
//!
//! Pingora binds inside the running server and panics in a background task where it cannot. So the socket is bound
//! before the server starts, where the problem can be told, and is laid into the table through which Pingora hands
//! sockets to the next process; its own listener then finds it there.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::IntoRawFd;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::listeners::tls::TlsSettings;
use pingora_core::listeners::{L4BufferSettings, ListenerConfig};
use pingora_core::server::{ListenFds, ShutdownWatch};
use pingora_core::services::Service;
use pingora_core::services::listening;

/// A reply up to this size goes out with its head in one system call and, over a network, in as few packets as it can.
/// Pingora's own 1460 bytes made two of every reply of more than a kilobyte. Each event of a stream is flushed anyway.
const WRITTEN_AT_ONCE: usize = 8 << 10;

/// The exit code for a bug (sysexits.h).
const SOFTWARE: i32 = 70;

/// What a service does when its runtime is there.
type OnStart = Box<dyn FnOnce(ShutdownWatch) -> Option<ShutdownWatch> + Send + Sync>;

/// One address with the application that is served there.
pub(super) struct Socket<A> {
    name: String,
    address: SocketAddr,
    listener: Option<TcpListener>,
    inner: listening::Service<A>,
    threads: usize,
    on_start: Option<OnStart>,
}

/// A thread without which nothing is served. A panic in it (Pingora's, over a socket that it cannot have) would leave a
/// process that runs and never is ready, and that nobody starts again.
struct Vital;

impl Drop for Vital {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // What it was stands on standard error already.
            std::process::exit(SOFTWARE);
        }
    }
}

/// The sockets of one door, bound before anything else starts.
pub(super) struct Bound {
    pub(super) address: SocketAddr,
    listener: Option<TcpListener>,
}

/// Binds `address`, unless the sockets are to be taken over from another process.
pub(super) fn bind(address: SocketAddr, take_over: bool) -> io::Result<Bound> {
    if take_over {
        return Ok(Bound { address, listener: None });
    }
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok(Bound { address, listener: Some(listener) })
}

/// The twin of a transparent IPv4 listener at `[::1]`, with the same port: the kernel redirects each kind to its own
/// loopback, and tells of a connection where it was going only in that kind's words. `None` where there is no IPv6.
pub(super) fn bind_twin(address: SocketAddr, take_over: bool) -> Option<Bound> {
    let ours = match address.ip() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_unspecified(),
        IpAddr::V6(_) => false,
    };
    let here = |port| SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    if !ours || TcpListener::bind(here(0)).is_err() {
        return None;
    }
    let bound = bind(here(address.port()), take_over);
    bound.inspect_err(|error| tracing::warn!(%error, port = address.port(), "no twin at [::1]")).ok()
}

impl<A: ServerApp + Send + Sync + 'static> Socket<A> {
    /// The same behind TLS.
    pub(super) fn secure(
        name: &str,
        bound: Bound,
        app: A,
        threads: usize,
        tls: TlsSettings,
        on_start: OnStart,
    ) -> Self {
        let mut inner = listening::Service::new(name.to_owned(), app);
        inner.add_tls_with_settings(&bound.address.to_string(), None, tls);
        Self::around(name, bound, inner, threads, on_start)
    }

    /// Serves `app` on `bound` with so many threads. `on_start` runs on the service's runtime; it is given Pingora's
    /// own shutdown notice and may return another one, after which no more connections are accepted.
    pub(super) fn new(name: &str, bound: Bound, app: A, threads: usize, on_start: OnStart) -> Self {
        let mut inner = listening::Service::new(name.to_owned(), app);
        let buffers = L4BufferSettings::default().write(WRITTEN_AT_ONCE);
        inner.add_listener(ListenerConfig::tcp(bound.address.to_string()).l4_buffer(buffers));
        Self::around(name, bound, inner, threads, on_start)
    }

    fn around(name: &str, bound: Bound, inner: listening::Service<A>, threads: usize, on_start: OnStart) -> Self {
        Self {
            name: name.to_owned(),
            address: bound.address,
            listener: bound.listener,
            inner,
            threads,
            on_start: Some(on_start),
        }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> Service for Socket<A> {
    async fn start_service(&mut self, fds: Option<ListenFds>, shutdown: ShutdownWatch, listeners_per_fd: usize) {
        let _vital = Vital;
        if let (Some(fds), Some(listener)) = (&fds, self.listener.take()) {
            fds.lock().add(self.address.to_string(), listener.into_raw_fd());
        }
        tracing::info!(address = %self.address, door = self.name, "listening");
        let own = self.on_start.take().and_then(|start| start(shutdown.clone()));
        self.inner.start_service(fds, own.unwrap_or(shutdown), listeners_per_fd).await;
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn threads(&self) -> Option<usize> {
        Some(self.threads)
    }

    fn listen_addresses(&self) -> Option<Vec<String>> {
        self.inner.listen_addresses()
    }
}
