//! How token services are reached in production: through the same transport as every call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response, Uri};

use super::fetch::Fetch;
use crate::canonical::{Fault, FaultKind};
use crate::upstream::endpoint::Spec;
use crate::upstream::pool::Pool;
use crate::upstream::{self, Endpoint, Reply, Transport};

/// Time for a connection. Metadata servers are one hop away, token services a few; off their own clouds the metadata
/// servers are nowhere, and nobody wants to wait long to learn that.
const CONNECT: Duration = Duration::from_secs(3);

/// Time for the whole answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Far more than any token needs.
const LARGEST: usize = 256 << 10;

/// Carries requests to token services. Their hosts come from the configuration and the environment, so there are few;
/// each keeps its endpoint, whose addresses stay fresh in the background.
pub struct Courier {
    pool: Arc<Pool>,
    endpoints: Mutex<HashMap<String, Arc<Endpoint>>>,
}

impl Courier {
    /// Connections are those of `pool`.
    pub fn new(pool: Arc<Pool>) -> Arc<Self> {
        Arc::new(Self { pool, endpoints: Mutex::default() })
    }

    fn endpoint(&self, url: &Uri) -> Option<Arc<Endpoint>> {
        let tls = match url.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let mut endpoints = self.endpoints.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let endpoint = endpoints.entry(format!("{tls} {host} {port}")).or_insert_with(|| {
            Endpoint::new(Spec {
                tls,
                host,
                port,
                connect_timeout: CONNECT,
                ca: None,
                insecure: false,
                max_connections: None,
                probe: None,
            })
        });
        endpoint.start(&self.pool);
        Some(endpoint.clone())
    }

    async fn carry(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault> {
        let (head, body) = request.into_parts();
        let no_url = || Fault::new(FaultKind::Internal, "the token service has no usable URL");
        let endpoint = self.endpoint(&head.uri).ok_or_else(no_url)?;
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let request = upstream::Request { method: head.method, path, headers: head.headers, body: body.into() };
        let mut reply = self.pool.send(&endpoint, request).await?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = reply.status();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = reply.next().await? {
            if bytes.len() + chunk.len() > LARGEST {
                return Err(Fault::new(FaultKind::Malformed, "the token service's answer is too long for a token"));
            }
            bytes.extend_from_slice(&chunk);
        }
        reply.release().await;
        *answer.body_mut() = bytes.freeze();
        Ok(answer)
    }
}

#[async_trait]
impl Fetch for Courier {
    async fn fetch(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let late = || Fault::new(FaultKind::UpstreamTimeout, "the token service does not answer in time");
        let answer = tokio::time::timeout(ANSWER, self.carry(request)).await.unwrap_or_else(|_| Err(late()));
        answer.map_err(|fault| {
            let detail = fault.detail.clone().unwrap_or_else(|| fault.message.as_ref().into());
            fault.with_detail(format_args!("{host}: {detail}"))
        })
    }
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Courier")
    }
}
