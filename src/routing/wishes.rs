//! What one call asks of routing, beside its model: OpenRouter's `provider` object, and headers of ours.
//!
//! Free of any syntax: who reads it from a request is elsewhere. What is hard holds for every try of the call, also for
//! fallbacks and hedges.

use crate::money::Usd;

/// What one call asks of routing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// Other models, asked in this order when the one before cannot answer.
    pub models: Vec<String>,
    /// Providers to ask first, in this order.
    pub order: Vec<String>,
    /// Hard: no other provider. Empty: any.
    pub only: Vec<String>,
    /// Hard: none of these providers.
    pub ignore: Vec<String>,
    /// Hard: nobody but the first of the order is asked.
    pub no_fallbacks: bool,
    /// Hard: only targets that can be told all that the call asks for.
    pub require_parameters: bool,
    /// Hard: nobody who trains on what he is sent, or keeps it for himself.
    pub no_collection: bool,
    /// Hard: only who keeps nothing.
    pub zero_retention: bool,
    /// Hard: only these. Empty: any.
    pub quantizations: Vec<String>,
    /// The best first, and no sharing.
    pub sort: Option<Sort>,
    /// The targets of all models are sorted together, not model after model.
    pub across_models: bool,
    /// Hard: nobody dearer.
    pub max_price: MaxPrice,
    /// Soft: who is slower comes last. Tokens a second.
    pub min_throughput: Percentiles,
    /// Soft: who is later comes last. Seconds to the first token.
    pub max_latency: Percentiles,
    /// The conversation that this call belongs to.
    pub session: Option<Box<str>>,
}

/// What targets are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The cheapest first.
    Price,
    /// The fastest first.
    Throughput,
    /// The one with the soonest first token first.
    Latency,
    /// The most reliable at calling tools first.
    Exacto,
}

impl Sort {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Throughput => "throughput",
            Self::Latency => "latency",
            Self::Exacto => "exacto",
        }
    }
}

/// At most so much; for tokens, for a million of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaxPrice {
    /// Tokens of the prompt.
    pub input: Option<Usd>,
    /// Tokens of the answer.
    pub output: Option<Usd>,
    /// Each request.
    pub request: Option<Usd>,
    /// Each image.
    pub image: Option<Usd>,
    /// Tokens of sound.
    pub audio: Option<Usd>,
}

/// Bounds on measurements, by percentile.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentiles {
    /// The median's.
    pub p50: Option<f64>,
    /// Of three quarters.
    pub p75: Option<f64>,
    /// Of nine tenths.
    pub p90: Option<f64>,
    /// Of ninety-nine hundredths.
    pub p99: Option<f64>,
}
