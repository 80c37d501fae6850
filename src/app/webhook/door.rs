//! What the webhook answers.

use std::time::Duration;

use async_trait::async_trait;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Response};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::inject::Settings;
use crate::inject::review::{self, LARGEST};

/// An API server gives up long before; its default is ten seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many questions are in memory at a time.
const MOST_AT_A_TIME: usize = 32;

/// Of a question that is too long so much is still read, so that whoever sends it gets to see the answer.
const MOST_READ: usize = 16 << 20;

/// Serves the API server.
pub(super) struct Door {
    settings: Settings,
    places: Semaphore,
}

/// Why a question can not be read.
enum Unread {
    TooLong,
    TooSlow,
    Broken,
}

impl Door {
    pub fn new(settings: Settings) -> Self {
        Self { settings, places: Semaphore::new(MOST_AT_A_TIME) }
    }

    async fn answer(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let head = session.req_header();
        let is_post = head.method == Method::POST;
        match head.uri.path() {
            "/healthz" | "/readyz" => text(200, "ok"),
            "/inject" if is_post => match timeout(PATIENCE, self.review(session)).await {
                Ok(response) => response,
                Err(_) => closing(session, 408, "the question did not come"),
            },
            "/inject" => {
                let mut response = text(405, "the API server posts AdmissionReviews here");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
                response
            }
            _ => text(404, "reviews are taken at /inject"),
        }
    }

    async fn review(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let Ok(_place) = self.places.acquire().await else { return text(503, "closed") };
        let body = match read(session).await {
            Ok(body) => body,
            Err(Unread::TooLong) => return closing(session, 413, "more than 3 MiB is no pod"),
            Err(Unread::TooSlow) => return closing(session, 408, "the question did not come"),
            Err(Unread::Broken) => return closing(session, 400, "the question can not be read"),
        };
        match review::answer(&body, &self.settings) {
            Ok(answer) => respond(200, "application/json", answer.to_string().into_bytes()),
            Err(why) => {
                tracing::warn!(why, "a question was refused");
                text(400, &why)
            }
        }
    }
}

#[async_trait]
impl ServeHttp for Door {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        session.set_read_timeout(Some(PATIENCE));
        self.answer(session).await
    }
}

async fn read(session: &mut ServerSession) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    let mut length = 0;
    while let Some(chunk) = session.read_request_body().await.map_err(|error| unread(&error))? {
        length += chunk.len();
        match length {
            0..=LARGEST => body.extend_from_slice(&chunk),
            _ if length > MOST_READ => return Err(Unread::TooLong),
            _ => body = Vec::new(),
        }
    }
    if length > LARGEST { Err(Unread::TooLong) } else { Ok(body) }
}

fn unread(error: &pingora_error::Error) -> Unread {
    match error.etype() {
        pingora_error::ErrorType::ReadTimedout => Unread::TooSlow,
        _ => Unread::Broken,
    }
}

/// The rest of the question would be taken for the next one.
fn closing(session: &mut ServerSession, status: u16, why: &str) -> Response<Vec<u8>> {
    session.set_keepalive(None);
    text(status, why)
}

fn text(status: u16, text: &str) -> Response<Vec<u8>> {
    respond(status, "text/plain; charset=utf-8", format!("{text}\n").into_bytes())
}

fn respond(status: u16, kind: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let response = Response::builder().status(status).header(CONTENT_TYPE, kind).header(CONTENT_LENGTH, body.len());
    response.body(body).expect("constants of this file")
}
