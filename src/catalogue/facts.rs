//! What is known of a model at one provider.

use super::Price;

/// What is known of a model at one provider. `None`: not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// What it costs.
    pub price: Option<Price>,
    /// The tokens that fit into its context, the answer included.
    pub context: Option<u64>,
    /// The tokens that an answer may have.
    pub output: Option<u64>,
    /// How its weights are stored there: `fp8`, `bf16` ...
    pub quantization: Option<Box<str>>,
    /// Where it runs: `eu`, `us-east-1` ...
    pub region: Option<Box<str>>,
    /// The provider trains on what it is sent.
    pub training: Option<Promise>,
    /// The provider keeps what it is sent.
    pub retention: Option<Promise>,
}

/// What a provider says about the data that it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// It does.
    Does,
    /// It does not.
    DoesNot,
}
