//! OpenAI's chat dialect: Chat Completions, legacy completions and embeddings.
//!
//! So far only what the native lane needs: client and provider both speak it, so bytes pass as they are and are only
//! looked at. [`RequestScan`] finds the model in a request, [`patch`] puts another in its place; [`read_reply`] and
//! [`StreamWatch`] tell an answer from an error that calls itself 200, and count tokens; [`error`] reads and writes
//! failures.

mod chunk;
pub mod error;
mod models;
mod reply;
mod request;
mod stream;
mod usage;

use http::Method;

pub use error::{error_event, write_error};
pub use models::write_models;
pub use reply::read_reply;
pub use request::{RequestHead, RequestScan, patch};
pub use stream::{Pushed, StreamWatch};
pub use usage::usage_in_tail;

/// What is asked of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `/chat/completions`
    Chat,
    /// `/completions`
    Completions,
    /// `/embeddings`
    Embeddings,
}

impl Operation {
    const ALL: [Self; 3] = [Self::Chat, Self::Completions, Self::Embeddings];

    /// The operation that a client means by a method and a path without its query, if it is one of ours.
    ///
    /// Clients differ in how much of a base URL they keep: `/v1/chat/completions`, `/chat/completions` and
    /// `/openai/v1/chat/completions` are the same. Azure's clients write the model into the path; it is the second
    /// value, still percent-encoded as it came.
    pub fn from_path<'a>(method: &Method, path: &'a str) -> Option<(Self, Option<&'a str>)> {
        if method != Method::POST {
            return None;
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        if let Some(rest) = path.strip_prefix("/openai/deployments/") {
            let (deployment, tail) = rest.split_at(rest.find('/')?);
            let operation = Self::ALL.into_iter().find(|operation| operation.path() == tail)?;
            return (!deployment.is_empty()).then_some((operation, Some(deployment)));
        }
        let path = path.strip_prefix("/openai").unwrap_or(path);
        let path = path.strip_prefix("/v1").unwrap_or(path);
        Self::ALL.into_iter().find(|operation| operation.path() == path).map(|operation| (operation, None))
    }

    /// The path below a base URL.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/chat/completions",
            Self::Completions => "/completions",
            Self::Embeddings => "/embeddings",
        }
    }

    /// OpenTelemetry's `gen_ai.operation.name`.
    pub fn as_otel(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completions => "text_completion",
            Self::Embeddings => "embeddings",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_known_in_each_way_that_clients_write_it() {
        use Operation::*;
        for (path, expected) in [
            ("/v1/chat/completions", Some((Chat, None))),
            ("/v1/chat/completions/", Some((Chat, None))),
            ("/chat/completions", Some((Chat, None))),
            ("/openai/v1/chat/completions", Some((Chat, None))),
            ("/v1/completions", Some((Completions, None))),
            ("/completions", Some((Completions, None))),
            ("/v1/embeddings", Some((Embeddings, None))),
            ("/openai/deployments/gpt-5-prod/chat/completions", Some((Chat, Some("gpt-5-prod")))),
            ("/openai/deployments/a%2Fb/embeddings", Some((Embeddings, Some("a%2Fb")))),
            ("/openai/deployments//embeddings", None),
            ("/openai/deployments/x/images/generations", None),
            ("/openai/deployments/x", None),
            ("/v1/v1/chat/completions", None),
            ("/v1/chat", None),
            ("/v1/chat/completions/abc", None),
            ("/v1/responses", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(Operation::from_path(&Method::POST, path), expected, "{path}");
        }
        assert_eq!(Operation::from_path(&Method::GET, "/v1/chat/completions"), None, "a stored one is only read");
    }
}
