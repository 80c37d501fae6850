//! The opaque lane: whatever is no model call goes to the default provider as it is, or to the host that it was meant
//! for.
//!
//! Of what goes to the default provider, the host, the place of the API and the credentials are changed; of what goes
//! to its own host, nothing. The bodies are not looked at.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderValue, Version, header};
use pingora_core::protocols::ALPN;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_error::{Error, ErrorSource, ErrorType, OrErr, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::Session;
use tokio::time::Instant;

use crate::canonical::{Fault, FaultKind};
use crate::exchange::{client_headers, request_id};
use crate::names::{CallerName, ProviderId, TargetId};
use crate::provider::{Provider, paths};
use crate::routing::plan::pick_key;
use crate::snapshot::Snapshot;
use crate::telemetry::record::bounded;
use crate::telemetry::{CallRecord, Outcome, Telemetry};
use crate::upstream::Origin;

/// Headers without which an upgrade (a websocket) does not come about; they are Pingora's to forward.
const UPGRADE: [http::HeaderName; 2] = [header::CONNECTION, header::UPGRADE];

/// Headers that frame the body, which passes as the client framed it.
const FRAMING: [http::HeaderName; 3] = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::EXPECT];

/// Headers between a client and its proxy.
const OF_THE_PROXY: [&str; 3] = ["proxy-authorization", "proxy-authenticate", "proxy-connection"];

/// One request on its way through. Dropping it tells its record.
pub(super) struct Passage {
    to: To,
    record: Option<CallRecord>,
    at: Instant,
    telemetry: Arc<Telemetry>,
}

/// Who gets a request.
enum To {
    Provider(Arc<Provider>),
    /// The host that it was meant for, at the addresses that were not tried yet.
    Origin(Arc<Origin>, std::vec::IntoIter<SocketAddr>),
}

impl Passage {
    /// To the host that it was meant for. `listed`: one of those whose calls are ours, so that metrics may name it.
    pub(super) fn toward(
        origin: Arc<Origin>,
        addresses: Vec<SocketAddr>,
        listed: bool,
        head: &RequestHeader,
        at: Instant,
        telemetry: Arc<Telemetry>,
    ) -> Self {
        let mut record = CallRecord::new(request_id(&head.headers), "opaque", head.method.clone(), head.uri.path());
        record.target = listed.then(|| TargetId::new(&ProviderId::from(origin.host.as_str()), "-"));
        record.outcome = Outcome::Success;
        Self { to: To::Origin(origin, addresses.into_iter()), record: Some(record), at, telemetry }
    }

    /// Who gets it, or why nobody does.
    pub(super) fn open(
        head: &RequestHeader,
        at: Instant,
        snapshot: &Snapshot,
        telemetry: Arc<Telemetry>,
    ) -> std::result::Result<Self, Fault> {
        let Some(provider) = snapshot.default_provider.clone() else {
            let message = format!("{} {} is not known here", head.method, bounded(head.uri.path()));
            return Err(Fault { status: Some(404), ..Fault::new(FaultKind::Rejected, message) });
        };
        let id = request_id(&head.headers);
        let mut record = CallRecord::new(id, "opaque", head.method.clone(), head.uri.path());
        record.target = Some(TargetId::new(&provider.id, "-"));
        record.outcome = Outcome::Success;
        Ok(Self { to: To::Provider(provider), record: Some(record), at, telemetry })
    }

    /// Who asks for it.
    pub(super) fn asked_for_by(mut self, caller: CallerName) -> Self {
        self.record.iter_mut().for_each(|record| record.caller = Some(caller.clone()));
        self
    }

    /// Where to connect. `upgrade`: the request is to become another protocol, which HTTP/1.1 alone lets it.
    pub(super) async fn peer(&mut self, upgrade: bool) -> Option<Box<HttpPeer>> {
        let mut peer = match &mut self.to {
            To::Provider(provider) => HttpPeer::clone(&*provider.endpoint.pick().await?),
            To::Origin(origin, addresses) => origin.peer(addresses.next()?),
        };
        if upgrade {
            peer.options.alpn = ALPN::H1;
        }
        Some(Box::new(peer))
    }

    /// There is an address of its host that was not tried yet.
    pub(super) fn has_another_address(&self) -> bool {
        matches!(&self.to, To::Origin(_, addresses) if !addresses.as_slice().is_empty())
    }

    /// The request as whoever gets it gets it.
    pub(super) fn outbound(&self, request: &mut RequestHeader) -> Result<()> {
        match &self.to {
            To::Provider(provider) => for_provider(provider, request),
            To::Origin(origin, _) => for_origin(origin, request),
        }
    }

    /// The reply as the client gets it.
    pub(super) fn reply(&mut self, reply: &mut ResponseHeader) -> Result<()> {
        let Some(record) = &mut self.record else { return Ok(()) };
        record.status = Some(reply.status.as_u16());
        record.first_token = Some(self.at.elapsed());
        let To::Provider(provider) = &self.to else { return Ok(()) };
        reply.insert_header("x-outrider-target", provider.id.as_str())?;
        if !reply.headers.contains_key("x-request-id") {
            reply.insert_header("x-request-id", &*record.id)?;
        }
        Ok(())
    }

    /// It came to nothing.
    pub(super) fn failed(&mut self, fault: &Fault) {
        if let Some(record) = &mut self.record {
            record.outcome = Outcome::Fault(fault.kind);
        }
    }

    /// It is over.
    pub(super) fn close(&mut self, session: &Session, error: Option<&Error>) {
        let Some(record) = &mut self.record else { return };
        record.bytes_in = session.body_bytes_read() as u64;
        record.bytes_out = session.body_bytes_sent() as u64;
        if let (Some(error), Outcome::Success) = (error, record.outcome) {
            record.outcome = Outcome::Fault(Self::fault(error).kind);
        }
        if let Some(written) = session.response_written() {
            record.status = Some(written.status.as_u16());
        }
    }

    /// Pingora's error in our own vocabulary.
    pub(super) fn fault(error: &Error) -> Fault {
        let fault = match (error.esource(), error.etype()) {
            (ErrorSource::Downstream, _) => Fault::new(FaultKind::ClientGone, "the client closed the connection"),
            (_, ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout) => {
                Fault::new(FaultKind::ConnectTimeout, "no connection to the provider in time")
            }
            (_, ErrorType::TLSHandshakeFailure | ErrorType::InvalidCert | ErrorType::HandshakeError) => {
                Fault::new(FaultKind::Tls, "no secure connection to the provider")
            }
            (_, ErrorType::ReadTimedout | ErrorType::WriteTimedout) => {
                Fault::new(FaultKind::IdleTimeout, "the provider fell silent")
            }
            (_, ErrorType::ReadError | ErrorType::WriteError | ErrorType::ConnectionClosed) => {
                Fault::new(FaultKind::Reset, "the provider closed the connection")
            }
            (_, ErrorType::InvalidHTTPHeader) => Fault::new(FaultKind::Malformed, "the provider's answer is not HTTP"),
            _ => Fault::new(FaultKind::Connect, "no connection to the provider"),
        };
        fault.with_detail(error.to_string().chars().take(300).collect::<String>())
    }
}

/// A request as the default provider gets it.
fn for_provider(provider: &Provider, request: &mut RequestHeader) -> Result<()> {
    let asked = request.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = paths::opaque_path(provider, asked);
    let key = pick_key(provider, Instant::now().into_std(), fastrand::f64);
    let key = key.map(|key| key.header(provider.voices[0].auth));
    let mut headers = client_headers(&request.headers, provider, key, true);
    for name in UPGRADE.iter().chain(&FRAMING) {
        for value in request.headers.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    let authority = provider.endpoint.authority();
    let host = HeaderValue::from_str(authority).or_err(ErrorType::InvalidHTTPHeader, "host")?;
    headers.insert(header::HOST, host);
    let mut parts = RequestHeader::build_no_case(request.method.clone(), path.as_bytes(), Some(0))?.as_owned_parts();
    parts.version = request.version;
    parts.headers = headers;
    *request = parts.into();
    if request.version == Version::HTTP_2 {
        let uri = http::Uri::builder().scheme("https").authority(authority).path_and_query(path.as_str());
        request.set_uri(uri.build().or_err(ErrorType::InvalidHTTPHeader, "request target")?);
    }
    Ok(())
}

/// A request as the host gets it that it was meant for: as it is, but for what its client told the proxy.
fn for_origin(origin: &Origin, request: &mut RequestHeader) -> Result<()> {
    for name in OF_THE_PROXY {
        request.remove_header(name);
    }
    let ours = request.headers.keys().filter(|name| name.as_str().starts_with("x-outrider-"));
    for name in ours.cloned().collect::<Vec<_>>() {
        request.remove_header(&name);
    }
    if !request.raw_path().starts_with(b"/") && request.raw_path() != b"*" {
        let path = request.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        request.set_raw_path(path.as_bytes())?;
        request.insert_header(header::HOST, origin.authority())?;
    }
    Ok(())
}

impl Drop for Passage {
    fn drop(&mut self) {
        if let Some(mut record) = self.record.take() {
            record.total = self.at.elapsed();
            self.telemetry.emit(&record);
        }
    }
}
