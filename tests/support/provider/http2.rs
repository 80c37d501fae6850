//! The same provider over HTTP/2. It answers well; misbehaving at byte level is HTTP/1's part.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::{Answer, Seen, State};

/// Serves requests until the other side has enough.
pub(super) async fn serve(stream: TlsStream<TcpStream>, state: Arc<State>) {
    let service = service_fn(|request: Request<Incoming>| {
        let state = state.clone();
        async move { Ok::<_, hyper::Error>(answer(&state, see(request).await?)) }
    });
    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn see(request: Request<Incoming>) -> hyper::Result<Seen> {
    let (head, body) = request.into_parts();
    let headers =
        head.headers.iter().map(|(k, v)| (k.to_string(), String::from_utf8_lossy(v.as_bytes()).into())).collect();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let body = body.collect().await?.to_bytes();
    Ok(Seen { method: head.method.to_string(), path, headers, body })
}

fn answer(state: &State, seen: Seen) -> Response<Pieces> {
    let answer = Answer::good(&seen);
    state.seen.lock().unwrap().push(seen);
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(Pieces(answer.pieces.into())).expect("a reply")
}

/// A body in the pieces it was given in.
struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}
