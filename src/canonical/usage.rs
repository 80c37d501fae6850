//! Tokens of one answer, counted alike for every vendor.

/// What one answer used. `None` where the provider did not say.
///
/// Inclusive, as OpenAI counts: `input` contains `cached` and `cache_write`, `output` contains `reasoning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input: Option<u64>,
    /// Tokens of the answer.
    pub output: Option<u64>,
    /// Of `input`: tokens read from the provider's prompt cache.
    pub cached: Option<u64>,
    /// Of `input`: tokens written to the provider's prompt cache.
    pub cache_write: Option<u64>,
    /// Of `output`: tokens of hidden or visible reasoning.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Nothing was counted at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
