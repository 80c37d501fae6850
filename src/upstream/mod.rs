//! One HTTP request to one host.
//!
//! The exchange sees the world through [`Transport`]: in production the Pingora connector of [`pool`], in unit tests
//! a script. Nothing here knows what a model is.

mod addresses;
mod authorities;
mod body;
mod connector;
mod discovery;
pub mod endpoint;
pub mod origin;
pub mod pool;
mod probe;
mod reply;
mod resolver;
mod trouble;

use std::future::Future;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

pub use authorities::Authorities;
pub use body::Body;
pub use endpoint::Endpoint;
pub use origin::{Origin, Way};
pub use probe::Probe;
pub use resolver::Resolver;

use crate::canonical::Fault;

/// What is sent. The authority comes from the [`Endpoint`]; hop-by-hop headers are already gone.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query, as it goes on the wire.
    pub path: String,
    /// Headers, with credentials, without `host` and `content-length`.
    pub headers: HeaderMap,
    /// The whole body: a failed try can be repeated without asking the client.
    pub body: Body,
}

/// Sends requests.
pub trait Transport: Send + Sync + 'static {
    /// A reply whose head has arrived.
    type Reply: Reply;

    /// Connects (or takes a pooled connection), sends the request and waits for the head of the reply.
    ///
    /// Dropping the future cancels the request at the upstream. Deadlines other than that for connecting are the
    /// caller's.
    fn send(&self, to: &Endpoint, request: Request) -> impl Future<Output = Result<Self::Reply, Fault>> + Send;
}

/// A reply whose head has arrived and whose body is pulled.
pub trait Reply: Send {
    /// The status.
    fn status(&self) -> StatusCode;

    /// The headers.
    fn headers(&self) -> &HeaderMap;

    /// The next piece of the body, `None` at its proper end. An end before the end that the framing promised is
    /// [`crate::canonical::FaultKind::Truncated`]. May be dropped while pending without losing bytes.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Fault>> + Send;

    /// The body was read to its end: the connection may serve again. Dropping a reply instead closes it, which is
    /// how a provider learns that nobody wants the rest.
    fn release(self) -> impl Future<Output = ()> + Send;
}
