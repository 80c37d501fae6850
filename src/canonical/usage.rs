//! Tokens of one answer, counted alike for every vendor.

/// What one answer used. `None` where the provider did not say.
///
/// Inclusive, as OpenAI counts: `input` contains `cached` and `cache_write`, `output` contains `reasoning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input: Option<u64>,
    /// Tokens of the answer.
    pub output: Option<u64>,
    /// Of `input`: tokens read from the provider's prompt cache.
    pub cached: Option<u64>,
    /// Of `input`: tokens written to the provider's prompt cache.
    pub cache_write: Option<u64>,
    /// Of `cache_write`: tokens that are kept for an hour, which cost more.
    pub cache_write_1h: Option<u64>,
    /// Of `output`: tokens of hidden or visible reasoning.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Nothing was counted at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A later count of the same answer: what it does not say stays as it was.
    pub fn update(&mut self, later: Self) {
        let Self { input, output, cached, cache_write, cache_write_1h, reasoning } = self;
        *input = later.input.or(*input);
        *output = later.output.or(*output);
        *cached = later.cached.or(*cached);
        *cache_write = later.cache_write.or(*cache_write);
        *cache_write_1h = later.cache_write_1h.or(*cache_write_1h);
        *reasoning = later.reasoning.or(*reasoning);
    }

    /// That of another answer too.
    pub fn add(&mut self, other: Self) {
        let sum = |a: &mut Option<u64>, b: Option<u64>| *a = a.map_or(b, |a| Some(a + b.unwrap_or(0)));
        sum(&mut self.input, other.input);
        sum(&mut self.output, other.output);
        sum(&mut self.cached, other.cached);
        sum(&mut self.cache_write, other.cache_write);
        sum(&mut self.cache_write_1h, other.cache_write_1h);
        sum(&mut self.reasoning, other.reasoning);
    }

    /// Input and output together, where both are known.
    pub fn total(&self) -> Option<u64> {
        Some(self.input?.saturating_add(self.output?))
    }
}
