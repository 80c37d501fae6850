//! Putting it together: what `outrider run` starts, and how it ends.

mod books;
mod drain;
mod reloading;
mod socket;
mod webhook;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use pingora_core::apps::HttpServerOptions;
use pingora_core::apps::http_app::HttpServer;
use pingora_core::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora_core::server::configuration::{Opt, ServerConf};
use pingora_core::server::{RunArgs, Server};
use pingora_proxy::HttpProxy;
use tokio::sync::watch;
use tracing::level_filters::LevelFilter;

use crate::admin::{self, Readiness};
use crate::config::Config;
use crate::config::forms::{Listener, Proxy};
use crate::exchange::Exchange;
use crate::health::Registry;
use crate::ledger::Journal;
use crate::listener::{Door, Front, Gateway, Ways};
use crate::openrouter::Observed;
use crate::provider::auth::Courier;
use crate::snapshot::Snapshot;
use crate::telemetry::{Format, Telemetry};
use crate::trust::Leaves;
use crate::upstream::pool::{NO_AUTHORITIES, Pool, system_authorities};
use drain::Drain;
use socket::Socket;
pub use webhook::{Webhook, serve as serve_webhook};

/// One application's calls do not need more, and each thread costs memory.
const MOST_THREADS: usize = 4;

/// What is to be run.
pub struct Start {
    /// The configuration, read and found good.
    pub config: Config,
    /// What it means.
    pub snapshot: Arc<Snapshot>,
    /// What calls will learn; the snapshot holds on to it already.
    pub registry: Arc<Registry>,
    /// To listen on free ports of this machine in the place of those that the configuration says, and to tell where.
    /// There is no access log then, because nobody reads it.
    pub companion: Option<fn(SocketAddr)>,
    /// The certificates of the hosts whose TLS is ended; `None`: no TLS is.
    pub leaves: Option<Arc<Leaves>>,
    /// The configuration's file, which is watched; `None` where it came from the environment.
    pub file: Option<PathBuf>,
    /// The least that is logged.
    pub log_level: LevelFilter,
    /// How log lines look.
    pub log_format: Format,
    /// Take the listening sockets over from the process that gets SIGQUIT.
    pub upgrade: bool,
    /// Where the two processes meet for that.
    pub upgrade_socket: PathBuf,
}

/// What all parts of a running Outrider share.
struct Shared {
    snapshot: Arc<ArcSwap<Snapshot>>,
    registry: Arc<Registry>,
    observed: Arc<Observed>,
    leaves: Option<Arc<Leaves>>,
    telemetry: Arc<Telemetry>,
    books: Arc<Journal>,
    readiness: Arc<Readiness>,
    pool: Arc<Pool>,
    busy: Arc<AtomicUsize>,
    draining: watch::Sender<bool>,
}

/// Runs until the process is told to end. An error: an address could not be bound.
pub fn run(start: Start) -> io::Result<()> {
    let shared = Arc::new(Shared::new(&start));
    let config = &start.config;
    let free = start.companion.map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let traffic = traffic(config, free, start.upgrade)?;
    let operator = socket::bind(free.unwrap_or(config.admin.address.0), start.upgrade)?;
    if let (Some(tell), Some((door, _))) = (start.companion, traffic.first()) {
        tell(door.address);
    }

    let mut server = server(&start);
    let conf = server.configuration.clone();
    let own = traffic.iter().map(|(bound, _)| bound.address).chain([operator.address]).collect();
    let ways = shared.ways(own);
    for (bound, door) in traffic {
        let proxy = shared.proxy(&conf, &ways, door);
        let front = Front::new(proxy, shared.telemetry.clone(), shared.draining.subscribe(), ways.clone(), door);
        server.add_service(Socket::new("traffic", bound, front, conf.threads, shared.open_for_calls(config)));
    }
    let door = HttpServer::new_app(shared.door(config));
    server.add_service(Socket::new("admin", operator, door, 1, shared.follow_changes(&start)));
    server.run(RunArgs { shutdown_signal: Box::new(shared.drain(config)) });
    shared.telemetry.flush();
    Ok(())
}

impl Shared {
    fn new(start: &Start) -> Self {
        let access_log: Box<dyn io::Write + Send> = match start.companion {
            None => Box::new(io::stdout()),
            Some(_) => Box::new(io::sink()),
        };
        let telemetry = Telemetry::new(start.log_format, start.log_level, access_log);
        telemetry.metrics.config_loaded(SystemTime::now());
        let books = books::open(start, &telemetry);
        let shared = Self {
            books,
            snapshot: Arc::new(ArcSwap::new(start.snapshot.clone())),
            registry: start.registry.clone(),
            observed: Arc::default(),
            leaves: start.leaves.clone(),
            telemetry: Arc::new(telemetry),
            readiness: Arc::default(),
            pool: Pool::new(),
            busy: Arc::default(),
            draining: watch::Sender::new(false),
        };
        shared.reserve_labels();
        shared.readiness.snapshot_is_up();
        shared
    }

    /// Pingora's proxy with our gateway in it.
    fn proxy(&self, conf: &Arc<ServerConf>, ways: &Arc<Ways>, door: Door) -> HttpProxy<Gateway<Pool>> {
        let exchange = Exchange {
            transport: self.pool.clone(),
            fetch: Courier::new(self.pool.clone()),
            snapshot: self.snapshot.clone(),
            registry: self.registry.clone(),
            observed: self.observed.clone(),
            telemetry: self.telemetry.clone(),
        };
        let books = self.books.clone();
        let gateway = Gateway::new(exchange, books, own_names(), self.busy.clone(), ways.clone(), door);
        let mut proxy = HttpProxy::new(gateway, conf.clone());
        let mut options = HttpServerOptions::default();
        options.h2c = true; // the AWS SDK for JavaScript speaks nothing else
        proxy.server_options = Some(options);
        proxy.h2_options = Some(http2_limits());
        proxy.handle_init_modules();
        proxy
    }

    /// What becomes of connections for other hosts. `own`: where this process listens.
    fn ways(&self, own: Vec<SocketAddr>) -> Arc<Ways> {
        let (busy, draining) = (self.busy.clone(), self.draining.subscribe());
        Ways::new(self.leaves.clone(), self.snapshot.clone(), own, self.telemetry.clone(), busy, draining)
    }

    fn door(&self, config: &Config) -> admin::Door {
        admin::Door {
            snapshot: self.snapshot.clone(),
            health: self.registry.clone(),
            telemetry: self.telemetry.clone(),
            readiness: self.readiness.clone(),
            token: config.admin.token.as_ref().map(|token| token.expose().to_owned()),
        }
    }

    fn drain(&self, config: &Config) -> Drain {
        Drain {
            readiness: self.readiness.clone(),
            draining: self.draining.clone(),
            busy: self.busy.clone(),
            telemetry: self.telemetry.clone(),
            grace: config.shutdown.grace,
        }
    }

    /// Names of the configuration are always labels of metrics, however many names clients make up.
    fn reserve_labels(&self) {
        let snapshot = self.snapshot.load();
        let models = snapshot.models.keys().map(|name| name.as_str());
        self.telemetry.metrics.reserve_labels(models, snapshot.targets().map(|target| target.id.as_str()));
    }

    /// Providers are resolved and probed from now on.
    fn start_endpoints(&self) {
        for provider in self.snapshot.load().providers.values() {
            provider.endpoint.start(&self.pool);
        }
    }
}

/// The sockets where calls come in, each with what it lets in; at `free` in the place of the addresses said.
fn traffic(config: &Config, free: Option<SocketAddr>, take_over: bool) -> io::Result<Vec<(socket::Bound, Door)>> {
    let said = config.listen.0.iter().map(|listener| listener.value);
    let mut bound = Vec::new();
    for Listener { address, transparent, proxy, link_local, hello } in said {
        let door = Door { transparent, proxy_for_all: proxy == Proxy::Any, link_local, hello: hello.0 };
        let first = socket::bind(free.unwrap_or(address), take_over)?;
        let twin = Some(first.address).filter(|_| transparent);
        bound.push((first, door));
        let twin = twin.and_then(|address| socket::bind_twin(address, take_over));
        bound.extend(twin.map(|bound| (bound, door)));
    }
    Ok(bound)
}

fn server(start: &Start) -> Server {
    let conf = ServerConf {
        // The opaque lane's connector loads the system's authorities at once, and panics where it can not.
        ca_file: (!system_authorities()).then(|| NO_AUTHORITIES.to_owned()),
        threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_THREADS)),
        upgrade_sock: start.upgrade_socket.to_string_lossy().into_owned(),
        // Only after SIGQUIT, and only as the longest: see `drain`.
        grace_period_seconds: Some(start.config.shutdown.grace.as_secs()),
        graceful_shutdown_timeout_seconds: Some(1),
        ..ServerConf::default()
    };
    let options = Opt { upgrade: start.upgrade, ..Opt::default() };
    let mut server = Server::new_with_opt_and_conf(options, conf);
    server.bootstrap();
    server
}

/// Bounds for one client's HTTP/2 connection; the head's is that of HTTP/1.
fn http2_limits() -> H2Options {
    let mut options = default_h2_options();
    options.max_header_list_size(64 << 10).max_concurrent_streams(256);
    options
}

/// Under which names of the network this machine is called.
fn own_names() -> Vec<String> {
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let hostname = hostname.trim().to_owned();
    if hostname.is_empty() { Vec::new() } else { vec![hostname] }
}
