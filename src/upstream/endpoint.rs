//! Where a provider is: its host, the addresses behind the name, and which of them answer.
//!
//! pingora-load-balancing does the work: it keeps the discovered addresses, rotates over them and runs the probes
//! with their thresholds. Names are resolved here in the background, never on the path of a call; a name that stops
//! resolving keeps its last good addresses.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use pingora_core::protocols::ALPN;
use pingora_core::protocols::l4::socket::SocketAddr as PingoraAddr;
use pingora_core::upstreams::peer::{HttpPeer, Peer};
use pingora_load_balancing::discovery::ServiceDiscovery;
use pingora_load_balancing::selection::RoundRobin;
use pingora_load_balancing::{Backend, Backends, LoadBalancer};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::Authorities;
use super::addresses::Resting;
use super::discovery::{Discovery, Told};
use super::pool::Pool;
use super::probe::{Probe, Prober};

/// How often a name is resolved again. The resolver of the system hides the record's own time to live; ten seconds
/// is what Kubernetes' headless services need to follow a rollout.
const RESOLVE_EVERY: Duration = Duration::from_secs(10);

/// While a name has never resolved, it is asked for more eagerly.
const RESOLVE_FIRST: Duration = Duration::from_millis(250);

/// What the operator said about one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// `https`.
    pub tls: bool,
    /// The name (or the IP address) that certificates are checked against and `host` is sent as.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Time for TCP and, together, for TCP and TLS.
    pub connect_timeout: Duration,
    /// The certificate authorities to trust in the place of the system's.
    pub ca: Option<Authorities>,
    /// Any certificate is taken.
    pub insecure: bool,
    /// At most so many requests at a time.
    pub max_connections: Option<usize>,
    /// How its addresses are probed.
    pub probe: Option<Probe>,
}

/// One host with its addresses. Shared by every snapshot whose [`Spec`] for it is the same, so that a reload keeps
/// connections, addresses and what probes have learned.
pub struct Endpoint {
    spec: Spec,
    authority: String,
    balancer: LoadBalancer<RoundRobin>,
    peers: ArcSwap<HashMap<SocketAddr, Arc<HttpPeer>>>,
    /// What calls have learned of them, as the balancer knows what probes have.
    resting: Resting,
    told: Told,
    reachable: AtomicBool,
    resolved: watch::Sender<bool>,
    permits: Option<Arc<Semaphore>>,
    pool: Arc<OnceLock<Arc<Pool>>>,
    keeper: OnceLock<JoinHandle<()>>,
}

impl Endpoint {
    /// An endpoint that knows its addresses only where the host is one; [`Self::start`] does the rest.
    pub fn new(spec: Spec) -> Arc<Self> {
        let discovery = Box::new(Discovery::new(&spec.host, spec.port));
        Self::discovered(spec, discovery, Told::default())
    }

    /// An endpoint that is told its addresses by [`Self::place`], and asks nobody else for them.
    pub fn placed(spec: Spec) -> Arc<Self> {
        let told = Told::default();
        Self::discovered(spec, Box::new(told.clone()), told)
    }

    fn discovered(spec: Spec, discovery: Box<dyn ServiceDiscovery + Send + Sync>, told: Told) -> Arc<Self> {
        let default_port = if spec.tls { 443 } else { 80 };
        let host = if spec.host.contains(':') { format!("[{}]", spec.host) } else { spec.host.clone() };
        let authority = if spec.port == default_port { host } else { format!("{host}:{}", spec.port) };
        let pool = Arc::new(OnceLock::new());
        let mut backends = Backends::new(discovery);
        if let Some(probe) = &spec.probe {
            backends.set_health_check(Prober::new(probe.clone(), authority.clone(), spec.clone(), pool.clone()));
        }
        Arc::new(Self {
            authority,
            balancer: LoadBalancer::from_backends(backends),
            peers: ArcSwap::default(),
            resting: Resting::default(),
            told,
            reachable: AtomicBool::new(true),
            resolved: watch::Sender::new(false),
            permits: spec.max_connections.map(|n| Arc::new(Semaphore::new(n))),
            pool,
            keeper: OnceLock::new(),
            spec,
        })
    }

    /// What the operator said.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// `host`, with the port where it is not the scheme's own.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// At least one address passes its probes. An endpoint without probes, or whose name never resolved, counts as
    /// reachable: only a try can tell.
    pub fn reachable(&self) -> bool {
        self.reachable.load(Ordering::Relaxed)
    }

    /// Resolves and probes in the background until the last owner is gone. Does nothing the second time.
    pub fn start(self: &Arc<Self>, pool: &Arc<Pool>) {
        self.keeper.get_or_init(|| {
            let _ = self.pool.set(pool.clone());
            tokio::spawn(keep(Arc::downgrade(self)))
        });
    }

    /// It is at `addresses` now, unless nobody knows where it is.
    pub async fn place(&self, addresses: &[SocketAddr]) {
        if !addresses.is_empty() && **self.told.0.load() != addresses {
            self.told.0.store(Arc::new(addresses.to_vec()));
            self.resolve().await;
        }
    }

    /// The next address in rotation; those that failed lately are left out unless all did, and the dead ones unless
    /// all are dead. Waits for the first resolution,
    /// but not longer than a connection may take.
    pub async fn pick(&self) -> Option<Arc<HttpPeer>> {
        if self.peers.load().is_empty() {
            let mut resolved = self.resolved.subscribe();
            let _ = tokio::time::timeout(self.spec.connect_timeout, resolved.wait_for(|done| *done)).await;
        }
        let peers = self.peers.load();
        if let (1, Some(only)) = (peers.len(), peers.values().next()) {
            return Some(only.clone()); // alive or dead, there is no other
        }
        let now = now();
        let select = |accept: &dyn Fn(&Backend, bool) -> bool| self.balancer.select_with(b"", 16, accept);
        let backend = select(&|backend, alive| alive && !self.rests(backend, now))
            .or_else(|| select(&|_, alive| alive))
            .or_else(|| select(&|_, _| true))?;
        match backend.addr {
            PingoraAddr::Inet(address) => peers.get(&address).cloned(),
            _ => None,
        }
    }

    /// No connection to `peer` came about, or it broke before an answer: its address rests. Whether others are there
    /// that neither rest nor are dead.
    pub(super) fn failed(&self, peer: &HttpPeer) -> bool {
        let Some(address) = peer.address().as_inet() else { return false };
        let now = now();
        self.resting.failed(*address, now, fastrand::f64());
        let backends = self.balancer.backends();
        backends.get_backend().iter().any(|backend| backends.ready(backend) && !self.rests(backend, now))
    }

    /// `peer` answered.
    pub(super) fn answered(&self, peer: &HttpPeer) {
        if let Some(address) = peer.address().as_inet() {
            self.resting.answered(*address);
        }
    }

    fn rests(&self, backend: &Backend, now: Instant) -> bool {
        backend.addr.as_inet().is_some_and(|address| self.resting.rests(*address, now))
    }

    /// How many addresses are known.
    pub fn addresses(&self) -> usize {
        self.peers.load().len()
    }

    /// Where the number of requests is limited: the semaphore that counts them.
    pub(super) fn permits(&self) -> Option<&Arc<Semaphore>> {
        self.permits.as_ref()
    }

    /// Asks the discovery again and makes a peer for each address.
    async fn resolve(&self) {
        if let Err(error) = self.balancer.update().await {
            tracing::warn!(host = %self.spec.host, %error, "name does not resolve, last good addresses are kept");
            return;
        }
        let known = self.peers.load();
        let peers = self.balancer.backends().get_backend();
        let peers = peers.iter().filter_map(|backend| match backend.addr {
            PingoraAddr::Inet(address) => {
                Some((address, known.get(&address).cloned().unwrap_or_else(|| Arc::new(peer(&self.spec, address)))))
            }
            _ => None,
        });
        let peers: HashMap<_, _> = peers.collect();
        self.resting.keep(|address| peers.contains_key(address));
        self.peers.store(Arc::new(peers));
        self.resolved.send_replace(true);
    }

    /// Asks every address how it is.
    async fn probe(&self) {
        self.balancer.backends().run_health_check(true).await;
        let backends = self.balancer.backends().get_backend();
        let reachable = backends.is_empty() || backends.iter().any(|b| self.balancer.backends().ready(b));
        if self.reachable.swap(reachable, Ordering::Relaxed) != reachable {
            tracing::warn!(host = %self.authority, reachable, "probes changed their mind");
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if let Some(keeper) = self.keeper.get() {
            keeper.abort();
        }
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// The background life of an endpoint: holds it only weakly, so that the last snapshot that drops it ends this too.
async fn keep(endpoint: std::sync::Weak<Endpoint>) {
    let interval = endpoint.upgrade().and_then(|e| e.spec.probe.as_ref().map(|p| p.interval));
    let mut next_probe = interval.map(|_| tokio::time::Instant::now());
    let mut next_resolve = tokio::time::Instant::now();
    loop {
        let Some(this) = endpoint.upgrade() else { return };
        let now = tokio::time::Instant::now();
        if now >= next_resolve {
            this.resolve().await;
            next_resolve = now + jittered(if this.addresses() == 0 { RESOLVE_FIRST } else { RESOLVE_EVERY });
        }
        if let (Some(due), Some(interval)) = (next_probe, interval)
            && now >= due
        {
            this.probe().await;
            next_probe = Some(tokio::time::Instant::now() + jittered(interval));
        }
        drop(this);
        tokio::time::sleep_until(next_probe.map_or(next_resolve, |probe| probe.min(next_resolve))).await;
    }
}

/// The time that rests are told: tokio's clock, which tests can pause.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Hundreds of sidecars that start together must not ask together: ±20 %.
fn jittered(interval: Duration) -> Duration {
    interval.mul_f64(0.8 + 0.4 * fastrand::f64())
}

/// One address as Pingora's connector wants it.
pub(super) fn peer(spec: &Spec, address: SocketAddr) -> HttpPeer {
    // An address as host too: without a name Pingora would not check the certificate at all.
    let mut peer = HttpPeer::new(address, spec.tls, if spec.tls { spec.host.clone() } else { String::new() });
    peer.options.connection_timeout = Some(spec.connect_timeout);
    peer.options.total_connection_timeout = Some(spec.connect_timeout);
    if let Some(authorities) = &spec.ca {
        authorities.vouch_for(&mut peer);
    }
    peer.options.verify_cert = !spec.insecure;
    peer.options.verify_hostname = !spec.insecure;
    peer.options.alpn = if spec.tls { ALPN::H2H1 } else { ALPN::H1 };
    // Providers close idle connections after a minute or more; leave before they do.
    peer.options.idle_timeout = Some(Duration::from_secs(50));
    peer.options.h2_ping_interval = spec.tls.then_some(Duration::from_secs(20));
    // Streams share a connection only up to what common servers allow by default.
    peer.options.max_h2_streams = 100;
    peer
}

#[cfg(test)]
mod tests;
