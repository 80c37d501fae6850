//! The library that finds the keys: what it is given, and what its errors mean.

use std::sync::Arc;

use bytes::Bytes;
use reqsign_core::{Context, ErrorKind, FileRead, HttpSend, StaticEnv};

use super::{Environment, Fetch};
use crate::canonical::{Fault, FaultKind};

/// The library's error without what it quotes: its texts hold the body of a reply after the first colon.
pub(super) fn fault(error: reqsign_core::Error) -> Fault {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(Carried(fault)) = inner.downcast_ref() {
            return fault.clone();
        }
        cause = inner.source();
    }
    let kind = match error.kind() {
        ErrorKind::RateLimited => FaultKind::RateLimited,
        ErrorKind::Unexpected if error.is_retryable() => FaultKind::ServerError,
        ErrorKind::Unexpected => FaultKind::Malformed,
        _ => FaultKind::KeyRefused,
    };
    let text = error.to_string();
    let told = ["operation: ", "error_code: ", "http_status: ", "hint: ", "file: "];
    let context = error.context().iter().filter(|context| told.iter().any(|start| context.starts_with(start)));
    let context: String = context.map(|context| format!(", {context}")).collect();
    let detail = format!("{}{context}", text.split(':').next().unwrap_or_default());
    Fault::new(kind, "no credentials for the provider could be got").with_detail(detail)
}

/// What the library may see of the world: these variables, small files, and the token services.
pub(super) fn context(env: &Environment, fetch: Arc<dyn Fetch>) -> Context {
    let envs: Environment = env.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k.clone(), v.clone())).collect();
    let home_dir = envs.get("HOME").map(Into::into);
    let env = StaticEnv { home_dir, envs };
    Context::new().with_file_read(Files).with_http_send(Requests(fetch)).with_env(env)
}

/// [`Fetch`] as the library wants it.
#[derive(Debug)]
struct Requests(Arc<dyn Fetch>);

impl HttpSend for Requests {
    async fn http_send(&self, request: http::Request<Bytes>) -> reqsign_core::Result<http::Response<Bytes>> {
        let unsent = |fault| reqsign_core::Error::unexpected("not sent").with_source(Carried(fault));
        self.0.fetch(request).await.map_err(unsent)
    }
}

/// A fault on its way through the library.
#[derive(Debug)]
struct Carried(Fault);

impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Carried {}

/// Small local files, read in the background a few times an hour.
#[derive(Debug)]
struct Files;

impl FileRead for Files {
    async fn file_read(&self, path: &str) -> reqsign_core::Result<Vec<u8>> {
        Ok(std::fs::read(path)?)
    }
}
