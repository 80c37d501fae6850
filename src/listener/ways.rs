//! Connections that were meant for another host, and what becomes of each.
//!
//! Three ways lead here: `CONNECT`, TLS straight at the listener, and the kernel's redirection. From there on there is
//! one path: the ClientHello is read. A listed host's TLS is ended with a certificate made for its name, and its
//! requests are served; everything else is passed on, byte for byte, to where it was going.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bytes::BytesMut;
use pingora_core::protocols::l4::stream::Stream as TcpLike;
use pingora_core::protocols::{GetSocketDigest, SocketDigest, Stream};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::bounds::Bounds;
use super::connect::{self, Asked};
use super::dial::{self, Refused};
use super::distrust::Distrusted;
use super::hello::{self, First, Hello};
use super::origin::Visit;
use super::{tls, tunnel};
use crate::snapshot::Snapshot;
use crate::telemetry::Telemetry;
use crate::telemetry::ways::{Distrust, Reason};
use crate::trust::Leaves;
use crate::upstream::{Origin, Resolver, Way};

/// What one listener lets in.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    /// Connections are redirected to it by the kernel, which knows where they were going.
    pub transparent: bool,
    /// Other machines may be connected to other hosts from here.
    pub proxy_for_all: bool,
    /// The link's own addresses may be asked for.
    pub link_local: bool,
    /// So long is waited for a ClientHello: longer than a client takes, and not so long that one whose server speaks
    /// first gives up.
    pub hello: Duration,
}

/// What all listeners share of it.
pub struct Ways {
    leaves: Option<Arc<Leaves>>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    resolver: Resolver,
    own: Vec<SocketAddr>,
    distrusted: Distrusted,
    telemetry: Arc<Telemetry>,
    busy: Arc<AtomicUsize>,
    draining: watch::Receiver<bool>,
}

/// A connection whose TLS was ended here.
pub(super) struct Entered {
    pub(super) stream: Stream,
    pub(super) visit: Arc<Visit>,
}

/// Where a connection goes whose TLS is not ended here.
enum Goal {
    /// To where the client asked for.
    Asked(Asked),
    /// There is a connection already.
    Open(Asked, TcpStream),
    /// To where the kernel says that it was going.
    Address(SocketAddr),
    /// To the host that TLS names.
    Named,
}

impl Ways {
    /// `own`: where this process listens; `busy` counts what the end of the process waits for.
    pub fn new(
        leaves: Option<Arc<Leaves>>,
        snapshot: Arc<ArcSwap<Snapshot>>,
        own: Vec<SocketAddr>,
        telemetry: Arc<Telemetry>,
        busy: Arc<AtomicUsize>,
        draining: watch::Receiver<bool>,
    ) -> Arc<Self> {
        let (resolver, distrusted) = (Resolver::default(), Distrusted::default());
        Arc::new(Self { leaves, snapshot, resolver, own, distrusted, telemetry, busy, draining })
    }

    /// Whether calls to `host` are ours to serve.
    pub(super) fn lists(&self, host: &str) -> bool {
        self.leaves.as_ref().is_some_and(|leaves| leaves.listed(host))
    }

    /// Whom `door` keeps out.
    pub(super) fn bounds(&self, door: Door) -> Bounds {
        Bounds { own: self.own.clone(), link_local: door.link_local }
    }

    /// Where names lead.
    pub(super) fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// `CONNECT`, whose head is the beginning of `bytes`.
    pub(super) async fn connect(&self, door: Door, mut stream: Box<TcpLike>, mut bytes: BytesMut) -> Option<Entered> {
        let rest = bytes.split_off(connect::end_of_head(&bytes));
        let goal = match self.open(door, &stream, &bytes).await {
            Ok(goal) => goal,
            Err(refused) => {
                self.tell(&refused, stream.get_socket_digest().as_deref());
                refused.answer(&mut stream).await;
                return None;
            }
        };
        dial::established(&mut stream).await.ok()?;
        self.go_on(door, stream, rest, goal).await
    }

    /// TLS straight at the listener, of which `bytes` were read.
    pub(super) async fn named(&self, door: Door, stream: Box<TcpLike>, bytes: BytesMut) -> Option<Entered> {
        if let Err(refused) = admits(door, stream.get_socket_digest().as_deref()) {
            self.tell(&refused, stream.get_socket_digest().as_deref());
            return None;
        }
        self.go_on(door, stream, bytes, Goal::Named).await
    }

    /// A connection that the kernel redirected.
    pub(super) async fn redirected(&self, door: Door, stream: Box<TcpLike>) -> Option<Entered> {
        let socket = stream.get_socket_digest()?;
        let to = socket.original_dst().and_then(|address| address.as_inet()).copied();
        match to.filter(|to| !self.bounds(door).is_ours(*to)) {
            Some(to) => self.go_on(door, stream, BytesMut::new(), Goal::Address(to)).await,
            None => {
                self.tell(&Refused::circle(), Some(&socket));
                None
            }
        }
    }

    /// It is over.
    pub(super) fn left(&self, visit: &Visit) {
        let host = &*visit.origin.host;
        if !visit.was_silent() {
            self.distrusted.believed(host);
        } else if !*self.draining.borrow() {
            self.distrust(host, Distrust::Silence, "the client left after the handshake");
        }
    }

    /// What a `CONNECT` asks for. A host whose TLS is not going to be ended here is connected to before it is
    /// promised.
    async fn open(&self, door: Door, stream: &TcpLike, head: &[u8]) -> Result<Goal, Refused> {
        admits(door, stream.get_socket_digest().as_deref())?;
        let asked = connect::parse(head).map_err(Refused::malformed)?;
        if asked.host.name().is_some_and(|name| self.ends(name)) {
            return Ok(Goal::Asked(asked));
        }
        let connection = dial::asked(&asked, &self.resolver, &self.bounds(door)).await?;
        Ok(Goal::Open(asked, connection))
    }

    /// The one path: what TLS says decides.
    async fn go_on(&self, door: Door, mut stream: Box<TcpLike>, mut bytes: BytesMut, goal: Goal) -> Option<Entered> {
        let first = hello::read(&mut *stream, &mut bytes, door.hello).await;
        let name = match &first {
            First::Gone if bytes.is_empty() => return None,
            First::Hello(hello) => hello.name.clone(),
            _ => None,
        };
        let reason = match self.judge(&first) {
            Ok((name, leaves)) => match leaves.config(name) {
                Ok(config) => return self.end(stream, &bytes, goal.origin(name), config).await,
                Err(problem) => {
                    tracing::warn!(host = name, %problem, "no certificate");
                    Reason::NoCertificate
                }
            },
            Err(reason) => reason,
        };
        stream.rewind(&bytes);
        self.pass_on(door, stream, goal, name, reason).await;
        None
    }

    /// Whether TLS for a host is ended here.
    fn ends(&self, host: &str) -> bool {
        self.lists(host) && !self.steps_aside(host)
    }

    fn steps_aside(&self, host: &str) -> bool {
        let wanted = || self.snapshot.load().intercept.as_ref().is_some_and(|intercept| intercept.tunnel_next_time);
        self.distrusted.contains(host, Instant::now()) && wanted()
    }

    /// The name for which TLS is to be ended, or why it is not.
    fn judge<'a>(&'a self, first: &'a First) -> Result<(&'a str, &'a Leaves), Reason> {
        let hello = match first {
            First::Hello(hello) => hello,
            First::NotTls => return Err(Reason::NotTls),
            First::Bad | First::Gone => return Err(Reason::BadHello),
            First::Late => return Err(Reason::Timeout),
        };
        let Hello { name: Some(name), http } = hello else { return Err(Reason::NoSni) };
        match &self.leaves {
            Some(leaves) if leaves.listed(name) && !self.steps_aside(name) && *http => Ok((name, leaves)),
            Some(leaves) if leaves.listed(name) && *http => Err(Reason::ClientRejected),
            Some(leaves) if leaves.listed(name) => Err(Reason::NotHttp),
            _ => Err(Reason::NotListed),
        }
    }

    async fn end(
        &self,
        mut stream: Box<TcpLike>,
        bytes: &[u8],
        origin: Origin,
        config: Arc<rustls::ServerConfig>,
    ) -> Option<Entered> {
        let way = origin.way.as_str();
        let visit = Visit::new(origin);
        visit.board(&mut stream).ok()?;
        stream.rewind(bytes);
        match tls::end(*stream, config).await {
            Ok(stream) => {
                self.telemetry.emit_intercepted(way);
                Some(Entered { stream: Box::new(stream), visit })
            }
            Err(failed) => {
                match failed.distrust {
                    Some(how) => self.distrust(&visit.origin.host, how, &failed.detail),
                    None => tracing::debug!(host = visit.origin.host, why = failed.detail, "handshake"),
                }
                None
            }
        }
    }

    async fn pass_on(&self, door: Door, mut stream: Box<TcpLike>, goal: Goal, name: Option<String>, reason: Reason) {
        let connection = match goal {
            Goal::Open(_, connection) => Ok(connection),
            Goal::Asked(asked) => dial::asked(&asked, &self.resolver, &self.bounds(door)).await,
            Goal::Address(address) => dial::reach(&[address]).await,
            Goal::Named => dial::named(name.as_deref(), &self.resolver, &self.bounds(door)).await,
        };
        let mut connection = match connection {
            Ok(connection) => connection,
            Err(refused) => return self.tell(&refused, stream.get_socket_digest().as_deref()),
        };
        let _busy = Busy::new(&self.busy);
        let meter = self.telemetry.emit_tunnel(reason);
        tracing::debug!(host = name, reason = reason.as_str(), "tunnel");
        let passed = tunnel::run(&mut stream, &mut connection, &meter, tunnel::IDLE, self.draining.clone()).await;
        if let Err(error) = passed {
            tracing::debug!(%error, "tunnel");
        }
    }

    fn distrust(&self, host: &str, how: Distrust, detail: &str) {
        tracing::warn!(host, detail, "a client does not believe the local authority");
        self.telemetry.emit_distrust(host, how);
        self.distrusted.note(host, how, Instant::now());
    }

    /// Nobody was connected.
    pub(super) fn tell(&self, refused: &Refused, socket: Option<&SocketDigest>) {
        let peer = socket.and_then(|socket| socket.peer_addr().map(ToString::to_string));
        tracing::warn!(peer, why = refused.message, "not connected");
        self.telemetry.emit_refused(refused.error);
    }
}

/// Whether whoever is at the other end of `socket` may be connected to other hosts: any program on this machine.
pub(super) fn admits(door: Door, socket: Option<&SocketDigest>) -> Result<(), Refused> {
    let ip = |address: Option<&_>| match address {
        Some(pingora_core::protocols::l4::socket::SocketAddr::Inet(address)) => Some(address.ip().to_canonical()),
        _ => None,
    };
    let (peer, own) = (socket.and_then(|s| ip(s.peer_addr())), socket.and_then(|s| ip(s.local_addr())));
    let near = peer.is_some_and(|peer| peer.is_loopback() || Some(peer) == own);
    if near || door.proxy_for_all { Ok(()) } else { Err(Refused::stranger()) }
}

impl Goal {
    /// Where a client was going that takes us for `name`.
    fn origin(&self, name: &str) -> Origin {
        let host = name.to_owned();
        let way = match self {
            Self::Asked(_) | Self::Open(..) => Way::Proxied,
            Self::Named => Way::Named,
            Self::Address(_) => Way::Redirected,
        };
        let (port, address) = match self {
            Self::Named => (443, None),
            Self::Address(address) => (address.port(), Some(*address)),
            Self::Asked(asked) | Self::Open(asked, _) => (asked.port, asked.address()),
        };
        Origin { way, host, port, address, tls: true }
    }
}

/// Counts until it is dropped.
struct Busy(Arc<AtomicUsize>);

impl Busy {
    fn new(busy: &Arc<AtomicUsize>) -> Self {
        busy.fetch_add(1, Relaxed);
        Self(busy.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
