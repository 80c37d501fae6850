//! The addresses behind a host name, as pingora-load-balancing asks for them.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use pingora_core::protocols::l4::socket::SocketAddr as PingoraAddr;
use pingora_error::{Error, ErrorType, OrErr, Result};
use pingora_load_balancing::discovery::ServiceDiscovery;
use pingora_load_balancing::{Backend, Extensions};

/// A host name with its port, resolved by the system: `/etc/hosts` and Kubernetes' search domains count.
pub(super) struct Discovery {
    host: String,
    port: u16,
}

impl Discovery {
    pub(super) fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port }
    }

    async fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        match self.host.parse::<IpAddr>() {
            Ok(ip) => Ok(vec![SocketAddr::new(ip, self.port)]),
            Err(_) => Ok(tokio::net::lookup_host((self.host.as_str(), self.port)).await?.collect()),
        }
    }
}

#[async_trait]
impl ServiceDiscovery for Discovery {
    async fn discover(&self) -> Result<(BTreeSet<Backend>, HashMap<u64, bool>)> {
        backends(self.addresses().await.or_err(ErrorType::InternalError, "resolving")?)
    }
}

/// Addresses that somebody else has found.
#[derive(Clone, Default)]
pub(super) struct Told(pub(super) Arc<ArcSwap<Vec<SocketAddr>>>);

#[async_trait]
impl ServiceDiscovery for Told {
    async fn discover(&self) -> Result<(BTreeSet<Backend>, HashMap<u64, bool>)> {
        backends(self.0.load().to_vec())
    }
}

fn backends(addresses: Vec<SocketAddr>) -> Result<(BTreeSet<Backend>, HashMap<u64, bool>)> {
    if addresses.is_empty() {
        // An empty answer is a resolver's hiccup more often than a provider's retirement.
        return Error::e_explain(ErrorType::InternalError, "the name has no address");
    }
    let backend = |address| Backend { addr: PingoraAddr::Inet(address), weight: 1, ext: Extensions::new() };
    Ok((addresses.into_iter().map(backend).collect(), HashMap::new()))
}
