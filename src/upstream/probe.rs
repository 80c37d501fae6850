//! Active health checks: is there anybody at this address?
//!
//! A probe costs nothing and carries no key, so an answer of 401, 403, 404 or 429 is a sign of life; only silence,
//! a broken connection and a 5xx are not. How well a *model* answers is learned from real calls, in
//! [`crate::health`].

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::protocols::l4::socket::SocketAddr as PingoraAddr;
use pingora_error::{Error, ErrorType, Result};
use pingora_load_balancing::Backend;
use pingora_load_balancing::health_check::HealthCheck;

use super::endpoint::{Spec, peer};
use super::pool::Pool;

/// How an endpoint is probed.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The path asked for with GET: `/v1/models`.
    pub path: String,
    /// Time between two probes of one address, before jitter.
    pub interval: Duration,
    /// Time that one probe may take.
    pub timeout: Duration,
    /// Consecutive successes after which a dead address lives again.
    pub healthy_after: usize,
    /// Consecutive failures after which an address is dead.
    pub unhealthy_after: usize,
}

/// Probes the addresses of one endpoint.
pub(super) struct Prober {
    probe: Probe,
    authority: String,
    spec: Spec,
    pool: Arc<OnceLock<Arc<Pool>>>,
}

impl Prober {
    pub(super) fn new(probe: Probe, authority: String, spec: Spec, pool: Arc<OnceLock<Arc<Pool>>>) -> Box<Self> {
        Box::new(Self { probe, authority, spec, pool })
    }
}

#[async_trait]
impl HealthCheck for Prober {
    async fn check(&self, target: &Backend) -> Result<()> {
        let (PingoraAddr::Inet(address), Some(pool)) = (&target.addr, self.pool.get()) else { return Ok(()) };
        let peer = peer(&self.spec, *address);
        let asked = pool.get(&self.spec, &peer, &self.authority, &self.probe.path);
        match tokio::time::timeout(self.probe.timeout, asked).await {
            Err(_) => Error::e_explain(ErrorType::ReadTimedout, "no answer in time"),
            Ok(Err(error)) => Err(error),
            Ok(Ok(status)) if status.is_server_error() => {
                Error::e_explain(ErrorType::HTTPStatus(status.as_u16()), "probe")
            }
            Ok(Ok(_)) => Ok(()),
        }
    }

    fn health_threshold(&self, success: bool) -> usize {
        if success { self.probe.healthy_after } else { self.probe.unhealthy_after }
    }

    fn backend_summary(&self, target: &Backend) -> String {
        format!("{} at {}", self.authority, target.addr)
    }
}
