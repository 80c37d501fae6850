//! The transport of production: Pingora's connector and its pools of HTTP/1.1 and HTTP/2 connections.

use std::sync::{Arc, OnceLock};

use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode, Uri, Version, header};
use pingora_core::connectors::ConnectorOptions;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_error::{Error, ErrorType, OrErr, Result};
use pingora_http::RequestHeader;

use super::connector::Connector;
use super::endpoint::{Endpoint, Spec};
use super::reply::PooledReply;
use super::{Body, Request, Transport, trouble};
use crate::canonical::{Fault, FaultKind};

/// Idle connections kept for all hosts together. A sidecar serves one application: this is plenty, and bounded.
const KEPT_CONNECTIONS: usize = 256;

/// A connection that fails to open is tried at so many addresses of the name before the try as a whole has failed.
const ADDRESSES_TRIED: usize = 3;

/// In the place of a file of authorities: an empty one.
pub const NO_AUTHORITIES: &str = "/dev/null";

/// Connections to every provider.
#[derive(Default)]
pub struct Pool {
    /// For `http://`, and for `https://` with authorities of the operator's own, which come with the address: a
    /// connector that never loads the system's certificates.
    bare: OnceLock<Arc<Connector>>,
    /// For `https://` with the system's certificates, made when first needed: they cost some megabytes.
    system: OnceLock<Option<Arc<Connector>>>,
}

impl Pool {
    /// A pool without connections.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// One GET outside the call path; the status, as soon as the head is there.
    pub(super) async fn get(&self, spec: &Spec, peer: &HttpPeer, authority: &str, path: &str) -> Result<StatusCode> {
        let connector = self.connector(spec)?;
        let (mut session, _) = connector.open(peer).await?;
        let request =
            Request { method: Method::GET, path: path.into(), headers: Default::default(), body: Body::default() };
        write_request(&mut session, spec, authority, &request).await?;
        session.read_response_header().await?;
        let status = session.response_header().map_or(StatusCode::BAD_GATEWAY, |head| head.status);
        session.shutdown().await;
        Ok(status)
    }

    fn connector(&self, spec: &Spec) -> Result<Arc<Connector>> {
        if !spec.tls || spec.ca.is_some() {
            return Ok(self.bare.get_or_init(|| connector(Some(NO_AUTHORITIES))).clone());
        }
        let made = self.system.get_or_init(|| system_authorities().then(|| connector(None)));
        made.clone().ok_or_else(|| {
            Error::explain(ErrorType::InvalidCert, "this machine has no CA certificates: install ca-certificates")
        })
    }
}

/// Whether the system's authorities can be trusted: there are some, and all can be read. Where they can not, Pingora
/// panics over them; it is to be given [`NO_AUTHORITIES`] instead.
pub fn system_authorities() -> bool {
    let mut store = pingora_rustls::RootCertStore::empty();
    pingora_rustls::load_platform_certs_incl_env_into_store(&mut store).is_ok() && !store.is_empty()
}

fn connector(ca: Option<&str>) -> Arc<Connector> {
    let mut options = ConnectorOptions::new(KEPT_CONNECTIONS);
    options.ca_file = ca.map(str::to_owned);
    Arc::new(Connector::new(options))
}

impl Transport for Pool {
    type Reply = PooledReply;

    async fn send(&self, to: &Endpoint, request: Request) -> std::result::Result<PooledReply, Fault> {
        let permit = match to.permits() {
            None => None,
            Some(permits) => {
                let wait = tokio::time::timeout(to.spec().connect_timeout, permits.clone().acquire_owned());
                let busy = || Fault::new(FaultKind::Connect, "no connection to the provider is free");
                Some(wait.await.map_err(|_| busy())?.map_err(|_| busy())?)
            }
        };
        let connector = self.connector(to.spec()).map_err(|e| trouble::connecting(&e))?;
        let mut failed = None;
        // The pooled connections that the provider closed just now, and the addresses that refuse.
        for _ in 0..ADDRESSES_TRIED {
            let Some(peer) = to.pick().await else { break };
            let (mut session, reused) = match connector.open(&peer).await {
                Ok(opened) => opened,
                Err(error) => {
                    let one_address = to.failed(&peer);
                    failed = Some(Fault { one_address, ..trouble::connecting(&error) });
                    if matches!(error.etype(), ErrorType::ConnectTimedout) {
                        break; // the time for connecting is used up
                    }
                    continue;
                }
            };
            match exchange(&mut session, to.spec(), to.authority(), &request).await {
                Ok(()) => {
                    to.answered(&peer);
                    return Ok(PooledReply::new(session, connector, peer, permit));
                }
                Err(mut error) => {
                    // Nothing was answered on a connection from the pool: the provider closed it as we wrote.
                    error.retry.decide_reuse(reused);
                    let again = reused && error.retry();
                    let fault = trouble::before_head(&error);
                    let one_address = !again && fault.kind == FaultKind::Reset && to.failed(&peer);
                    failed = Some(Fault { one_address, ..fault });
                    if !again {
                        break;
                    }
                }
            }
        }
        Err(failed.unwrap_or_else(|| Fault::new(FaultKind::Connect, "the provider's name does not resolve")))
    }
}

/// Writes the request and reads the head of the reply.
async fn exchange(session: &mut HttpSession, spec: &Spec, authority: &str, request: &Request) -> Result<()> {
    let written = write_request(session, spec, authority, request).await;
    // A provider may refuse a large body before it has read it all (413) and close: its answer is worth more than
    // our broken pipe.
    let read = read_head(session).await;
    match (written, read) {
        (_, Ok(())) => Ok(()),
        (Err(error), Err(_)) | (Ok(()), Err(error)) => Err(error),
    }
}

async fn read_head(session: &mut HttpSession) -> Result<()> {
    loop {
        session.read_response_header().await?;
        if !session.response_header().is_some_and(|head| head.status.is_informational()) {
            return Ok(());
        }
    }
}

async fn write_request(session: &mut HttpSession, spec: &Spec, authority: &str, request: &Request) -> Result<()> {
    let head = head(matches!(session, HttpSession::H2(_)), spec, authority, request)?;
    session.write_request_header(head).await?;
    for chunk in request.body.chunks() {
        session.write_request_body(chunk.clone(), false).await?;
    }
    session.finish_request_body().await
}

fn head(http2: bool, spec: &Spec, authority: &str, request: &Request) -> Result<Box<RequestHeader>> {
    // Made from parts: to take apart what Pingora builds would copy it.
    let mut parts = http::Request::new(()).into_parts().0;
    parts.method = request.method.clone();
    parts.headers = request.headers.clone();
    if !request.body.is_empty() || request.method == Method::POST {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(request.body.len()));
    }
    let target = PathAndQuery::try_from(&*request.path).or_err(ErrorType::InvalidHTTPHeader, "request target")?;
    if http2 {
        let uri = Uri::builder().scheme(if spec.tls { "https" } else { "http" }).authority(authority);
        parts.uri = uri.path_and_query(target).build().or_err(ErrorType::InvalidHTTPHeader, "request target")?;
        parts.version = Version::HTTP_2;
    } else {
        parts.uri = target.into();
        let host = HeaderValue::from_str(authority).or_err(ErrorType::InvalidHTTPHeader, "host")?;
        parts.headers.insert(header::HOST, host);
    }
    Ok(Box::new(parts.into()))
}
