//! Who answers, where, with which key.
//!
//! A provider is not a dialect: dozens of providers speak OpenAI's. What is known of each vendor in advance is one
//! row of the [`catalogue`]; what the operator configured is a [`Provider`].

pub mod auth;
pub mod catalogue;
pub mod limits;
pub mod paths;

use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use crate::health::{KeyHealth, RetryBudget};
use crate::names::{KeyId, ProviderId};
use crate::upstream::Endpoint;

pub use catalogue::Kind;

/// One configured provider, ready to be called.
#[derive(Debug)]
pub struct Provider {
    /// Its name.
    pub id: ProviderId,
    /// Its row of the catalogue: how paths are built, which header carries the key.
    pub kind: &'static Kind,
    /// Where it is.
    pub endpoint: Arc<Endpoint>,
    /// The path of the base URL, without a slash at the end: `/v1`, or empty.
    pub base_path: String,
    /// Azure's `api-version`, where the base URL or the configuration names one.
    pub api_version: Option<String>,
    /// The credentials: a pool, each cooled down by itself. Empty: none is needed, or [`Self::passthrough`].
    pub keys: Vec<Key>,
    /// The client's own credential is sent on.
    pub passthrough: bool,
    /// Headers added to every request, replacing the client's of the same name.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Limits repeats against this provider while it is failing.
    pub retry_budget: Arc<RetryBudget>,
}

/// One credential of a provider.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub id: KeyId,
    /// The header value it is sent as, marked sensitive.
    pub value: HeaderValue,
    /// Whether it rests, and until when. Kept over reloads.
    pub health: Arc<KeyHealth>,
}
