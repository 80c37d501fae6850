//! Who answers, where, with which key.
//!
//! A provider is not a dialect: dozens of providers speak OpenAI's. What is known of each vendor in advance is one
//! row of the [`catalogue`]; what the operator configured is a [`Provider`].

pub mod auth;
pub mod catalogue;
pub mod limits;
pub mod paths;
pub mod voice;

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use crate::canonical::{Abilities, Dialect};
use crate::catalogue::{Facts, Known};
use crate::dialect::doors::Operation;
use crate::health::gate::Gate;
use crate::health::{HedgeBudget, KeyHealth, RetryBudget};
use crate::names::{KeyId, ProviderId};
use crate::upstream::Endpoint;

pub use auth::{Login, Signer};
pub use catalogue::Kind;
pub use voice::{AuthHeader, Models, Voice};

/// One configured provider, ready to be called.
#[derive(Debug)]
pub struct Provider {
    /// Its name.
    pub id: ProviderId,
    /// Its row of the catalogue: how paths are built, which header carries the key.
    pub kind: &'static Kind,
    /// Where it is.
    pub endpoint: Arc<Endpoint>,
    /// The dialects it can be spoken to in, at least one. The first is its own.
    pub voices: Vec<Voice>,
    /// The path of the base URL, without a slash at the end: `/v1`, or empty.
    pub base_path: String,
    /// Azure's `api-version`, where the base URL or the configuration names one.
    pub api_version: Option<String>,
    /// The credentials: a pool, each cooled down by itself. Empty: none is needed, or [`Self::passthrough`].
    pub keys: Vec<Key>,
    /// The models of which the operator says that there is something they cannot do.
    pub limited: HashMap<String, Abilities>,
    /// What is known of its models.
    pub known: Arc<Known>,
    /// A cloud's login, in the place of keys.
    pub signer: Option<Arc<Signer>>,
    /// The client's own credential is sent on.
    pub passthrough: bool,
    /// It is where an intercepted call was going: path and headers are sent as they came.
    pub origin: bool,
    /// Headers added to every request, replacing the client's of the same name.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Limits repeats against this provider while it is failing.
    pub retry_budget: Arc<RetryBudget>,
    /// Limits how many calls are asked of a second target while this provider is late.
    pub hedge_budget: Arc<HedgeBudget>,
    /// At most so many calls at a time.
    pub max_in_flight: Option<usize>,
    /// Where that is held. Kept over reloads.
    pub gate: Arc<Gate>,
    /// The same for single models.
    pub max_in_flight_of: HashMap<String, usize>,
}

impl Provider {
    /// What is known of `model` as this provider serves it.
    pub fn facts(&self, model: &str) -> Arc<Facts> {
        self.known.facts(model)
    }

    /// How to speak to it about `model` for a client of `dialect`: in the same, else in its own.
    pub fn voice(&self, dialect: Dialect, operation: Operation, model: &str) -> &Voice {
        let only = |voice: &Voice| matches!(voice.models, Models::Only(_)) && voice.models.has(model);
        let bound = self.voices.iter().any(only);
        let mut fitting = self.voices.iter().filter(|voice| if bound { only(voice) } else { voice.models.has(model) });
        let first = fitting.clone().next().unwrap_or(&self.voices[0]);
        // The doors that a vendor keeps beside its own, for clients of OpenAI's, have no reranking.
        let only_own = operation == Operation::Rerank;
        fitting.find(|voice| voice.dialect == dialect && !only_own).unwrap_or(first)
    }
}

/// One credential of a provider.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub id: KeyId,
    /// The key as a header value, marked sensitive.
    pub value: HeaderValue,
    /// The same behind `Bearer `.
    pub bearer: HeaderValue,
    /// Whether it rests, and until when. Kept over reloads.
    pub health: Arc<KeyHealth>,
}

impl Key {
    /// The header that carries it.
    pub fn header(&self, auth: AuthHeader) -> (HeaderName, HeaderValue) {
        let value = if auth == AuthHeader::Bearer { &self.bearer } else { &self.value };
        (auth.header(), value.clone())
    }
}
