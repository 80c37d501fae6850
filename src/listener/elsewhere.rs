//! Requests that were meant for another host: whose they are, and who serves them.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header;
use pingora_core::protocols::http::ServerSession;
use pingora_error::Result;
use tokio::time::Instant;

use super::caller::Client;
use super::connect::Host;
use super::opaque::Passage;
use super::origin::{self, Absolute, Visit};
use super::proxy::{Context, Gateway, model_call};
use super::{callers, dial, guard, ways};
use crate::canonical::{Dialect, Fault, FaultKind};
use crate::exchange::Arrival;
use crate::provider::Provider;
use crate::snapshot::{Place, Snapshot};
use crate::upstream::{Origin, Transport, Way};

/// Which host a request was meant for, when that is not us.
pub(super) struct Meant {
    origin: Arc<Origin>,
    /// Calls to it are ours to serve.
    listed: bool,
}

impl<T: Transport> Gateway<T> {
    /// Which host a request was meant for, or why that cannot be.
    pub(super) fn meant(&self, session: &ServerSession) -> std::result::Result<Option<Meant>, Fault> {
        let head = session.req_header();
        if let Some(visit) = Visit::of(session) {
            visit.count();
            let named = head.headers.get(header::HOST).map(|host| host.to_str().unwrap_or("?"));
            let named = head.uri.authority().map(|authority| authority.as_str()).or(named);
            return match named.is_none_or(|named| visit.origin.is_meant_by(named)) {
                true => Ok(Some(Meant { origin: visit.origin.clone(), listed: true })),
                false => Err(misdirected(&visit.origin)),
            };
        }
        let Some(absolute) = origin::absolute(head) else { return Ok(None) };
        let Absolute { asked, tls } = absolute.map_err(|what| Fault::new(FaultKind::BadRequest, what))?;
        let (host, address) = match asked.host {
            Host::Address(ip) => (ip.to_string(), Some((ip, asked.port).into())),
            Host::Name(name) => (name, None),
        };
        let bounds = self.ways.bounds(self.door);
        let ours = match address {
            Some(address) => bounds.is_ours(address),
            None => bounds.is_our_port(asked.port) && guard::is_own_name(&host, &self.own_names),
        };
        if ours {
            return Ok(None); // a client that writes the whole address to everybody
        }
        let socket = session.digest().and_then(|digest| digest.socket_digest.as_deref());
        ways::admits(self.door, socket).map_err(|refused| self.refused(refused, session))?;
        let listed = address.is_none() && self.ways.lists(&host);
        let origin = Origin { way: Way::Proxied, host, port: asked.port, address, tls };
        Ok(Some(Meant { origin: Arc::new(origin), listed }))
    }

    /// A connection that is not made.
    fn refused(&self, refused: dial::Refused, session: &ServerSession) -> Fault {
        self.ways.tell(&refused, session.digest().and_then(|digest| digest.socket_digest.as_deref()));
        refused.into()
    }

    /// Where the host of a request is reached.
    async fn addresses(&self, meant: &Meant) -> std::result::Result<Vec<SocketAddr>, dial::Refused> {
        let origin = &meant.origin;
        let addresses = match (origin.address, origin.way) {
            // It was going there anyway.
            (Some(address), Way::Redirected) => return Ok(vec![address]),
            (Some(address), _) => Ok(vec![address]),
            // What the file of hosts says of a listed host has led the client here.
            (None, _) if meant.listed => self.ways.resolver().public(&origin.host, origin.port).await,
            (None, _) => self.ways.resolver().local(&origin.host, origin.port).await,
        };
        dial::within(&origin.host, addresses, &self.ways.bounds(self.door))
    }

    /// The host of a model call. Where it is reached is found out meanwhile: the call may well be served elsewhere.
    async fn provider(&self, meant: &Meant, dialect: Dialect, snapshot: &Snapshot) -> Arc<Provider> {
        let origin = meant.origin.clone();
        let place = Place { host: origin.host.clone(), port: origin.port, tls: origin.tls, dialect };
        let known: Vec<SocketAddr> = origin.address.into_iter().collect();
        let provider = snapshot.origin(place, &known, &self.exchange.registry).await;
        if known.is_empty() {
            let (ways, bounds, endpoint) = (self.ways.clone(), self.ways.bounds(self.door), provider.endpoint.clone());
            tokio::spawn(async move {
                let found = ways.resolver().public(&origin.host, origin.port).await;
                if let Ok(mut addresses) = dial::within(&origin.host, found, &bounds) {
                    addresses.sort_unstable(); // the DNS gives them in any order
                    endpoint.place(&addresses).await;
                }
            });
        }
        provider
    }

    /// Serves a request that was meant for another host: a model call of a listed host like any other, everything else
    /// by the host itself.
    pub(super) async fn elsewhere(
        &self,
        session: &mut ServerSession,
        context: &mut Context,
        at: Instant,
        snapshot: &Snapshot,
        meant: Meant,
    ) -> Result<bool> {
        let caller = callers::identify(session, &snapshot.callers);
        let head = session.req_header();
        // A page that may not spend our keys may still call with its own.
        let page = guard::is_foreign_page(&head.headers, &snapshot.allow_origins, &self.own_names);
        let call = (meant.listed && !page).then(|| model_call(head, at, snapshot)).flatten();
        if let Some(arrival) = call {
            // Whoever pays for a call that only passes, a route may send it to where we do.
            if caller.is_none() {
                return self.refuse(session, at, callers::unknown()).await;
            }
            let allow_origin = self.allowed_origin(head, &snapshot.allow_origins);
            let origin = Some(self.provider(&meant, arrival.dialect, snapshot).await);
            self.exchange.serve(Arrival { origin, caller, ..arrival }, &mut Client::new(session, allow_origin)).await;
            return Ok(true);
        }
        match self.addresses(&meant).await {
            Ok(addresses) => {
                let telemetry = self.exchange.telemetry.clone();
                let listed = meant.listed;
                let passage = Passage::toward(meant.origin, addresses, listed, session.req_header(), at, telemetry);
                context.passage = Some(passage);
                Ok(false)
            }
            Err(refused) => {
                let fault = self.refused(refused, session);
                self.refuse(session, at, fault).await
            }
        }
    }
}

/// A request for another host than the one that the connection was made to.
fn misdirected(origin: &Origin) -> Fault {
    let message = format!("this connection is to {}; another host needs a connection of its own", origin.host);
    Fault { status: Some(421), ..Fault::new(FaultKind::Rejected, message) }
}
