//! Names of hosts that the operator did not name.
//!
//! Two questions, and they have different answers where `/etc/hosts` leads a provider's name to us (`hostAliases`):
//! what an application on this machine would find under a name, and where the host really is. Who asks the first
//! question for the second reason is sent back to its own listener.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolveHosts;

/// A name that takes longer will not be reached in time either.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers that are kept until their time to live is over. An application calls a few dozen hosts.
const KEPT: u64 = 512;

/// Asks for names.
#[derive(Default)]
pub struct Resolver {
    /// Made when first needed: nobody else pays for it. `None`: this machine says of no server whom to ask.
    dns: OnceLock<Option<TokioResolver>>,
}

impl Resolver {
    /// Where `host` really is: what the DNS says, and never the file of hosts.
    pub async fn public(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        if host == "localhost" || host.ends_with(".localhost") {
            // No server is to be asked for it (RFC 6761, 6.3).
            return Ok([IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()]
                .map(|address| SocketAddr::new(address, port))
                .into());
        }
        let dns = self.dns.get_or_init(system).as_ref();
        let dns = dns.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no name server is configured"))?;
        let found = in_time(async { dns.lookup_ip(host).await.map_err(io::Error::other) }).await?;
        some(host, found.iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    /// What an application here finds under `host`.
    pub async fn local(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let found = in_time(tokio::net::lookup_host((host, port))).await?;
        some(host, found.collect())
    }
}

fn system() -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio().inspect_err(|error| tracing::warn!(%error, "no name servers"));
    let options = builder.as_mut().ok()?.options_mut();
    options.use_hosts_file = ResolveHosts::Never;
    options.cache_size = KEPT;
    builder.ok()?.build().inspect_err(|error| tracing::warn!(%error, "no name servers")).ok()
}

async fn in_time<T>(lookup: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(PATIENCE, lookup).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn some(host: &str, addresses: Vec<SocketAddr>) -> io::Result<Vec<SocketAddr>> {
    match addresses.is_empty() {
        true => Err(io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address"))),
        false => Ok(addresses),
    }
}
