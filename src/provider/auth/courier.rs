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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers each connection's requests with `reply`; what it heard last comes back by the channel.
    async fn service(reply: String) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (heard, hears) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (reply, heard) = (reply.clone(), heard.clone());
                tokio::spawn(async move {
                    let mut bytes = vec![0; 4096];
                    while let Ok(length @ 1..) = stream.read(&mut bytes).await {
                        let _ = heard.send(String::from_utf8_lossy(&bytes[..length]).into_owned());
                        let _ = stream.write_all(reply.as_bytes()).await;
                    }
                });
            }
        });
        (url, hears)
    }

    fn http(status: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn a_request_goes_there_and_its_answer_comes_back() {
        let (url, mut hears) = service(http("403 Forbidden", r#"{"error":"no"}"#)).await;
        let courier = Courier::new(Pool::new());
        for _ in 0..2 {
            let request = Request::put(format!("{url}/token?a=1")).header("x-proof", "p").body(Bytes::new()).unwrap();
            let answer = courier.fetch(request).await.unwrap();
            assert_eq!((answer.status().as_u16(), &answer.body()[..]), (403, &br#"{"error":"no"}"#[..]));
            let heard = hears.recv().await.unwrap().to_ascii_lowercase();
            assert!(heard.starts_with("put /token?a=1 http/1.1\r\n") && heard.contains("x-proof: p"), "{heard}");
        }
        assert_eq!(courier.endpoints.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_can_not_be_reached_or_goes_on_forever_is_a_fault() {
        let courier = Courier::new(Pool::new());
        let get = |url: &str| courier.fetch(Request::get(url).body(Bytes::new()).unwrap());
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let fault = get(&format!("http://{free}/hush")).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Connect);
        assert!(!format!("{fault:?}").contains("hush") && fault.detail.unwrap().starts_with("127.0.0.1: "));
        assert_eq!(get("/nowhere").await.unwrap_err().kind, FaultKind::Internal);
        let (url, _hears) = service(http("200 OK", &"x".repeat(LARGEST + 1))).await;
        assert_eq!(get(&url).await.unwrap_err().kind, FaultKind::Malformed);
    }
}
