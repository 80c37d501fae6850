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
    /// Searches of the web that the provider made for it, which cost by themselves.
    pub searches: Option<u64>,
    /// Tokens of the prompt that are billed, where the provider says that these are others than `input` (Cohere's).
    pub billed_input: Option<u64>,
    /// The same of `output`.
    pub billed_output: Option<u64>,
    /// The class of service in which it was answered, where the provider says.
    pub service: Option<Service>,
}

/// A class of service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Service {
    /// As calls usually are.
    #[default]
    Standard,
    /// Many calls in a file, answered within a day.
    Batch,
    /// Slower, and cheaper.
    Flex,
    /// Sooner, and dearer.
    Priority,
}

impl Service {
    /// The class that is called so. `None`: nothing is known of it, or it is whichever there is room for.
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "default" | "standard" | "on_demand" => Some(Self::Standard),
            "batch" => Some(Self::Batch),
            "flex" => Some(Self::Flex),
            "priority" | "fast" => Some(Self::Priority),
            _ => None,
        }
    }
}

impl Usage {
    /// Nothing was counted at all.
    pub fn is_empty(&self) -> bool {
        Self { service: None, ..*self } == Self::default()
    }

    /// A later count of the same answer: what it does not say stays as it was.
    pub fn update(&mut self, later: Self) {
        let Self { input, output, cached, cache_write, cache_write_1h, reasoning, .. } = self;
        *input = later.input.or(*input);
        *output = later.output.or(*output);
        *cached = later.cached.or(*cached);
        *cache_write = later.cache_write.or(*cache_write);
        *cache_write_1h = later.cache_write_1h.or(*cache_write_1h);
        *reasoning = later.reasoning.or(*reasoning);
        self.searches = later.searches.or(self.searches);
        self.billed_input = later.billed_input.or(self.billed_input);
        self.billed_output = later.billed_output.or(self.billed_output);
        self.service = later.service.or(self.service);
    }

    /// That of another answer too.
    pub fn add(&mut self, other: Self) {
        // Of two of which only one says what is billed, that is known of both.
        for (billed, counted, more, counted_more) in [
            (&mut self.billed_input, self.input, other.billed_input, other.input),
            (&mut self.billed_output, self.output, other.billed_output, other.output),
        ] {
            if billed.is_some() || more.is_some() {
                let (one, other) = (billed.or(counted).unwrap_or(0), more.or(counted_more).unwrap_or(0));
                *billed = Some(one.saturating_add(other));
            }
        }
        let sum = |a: &mut Option<u64>, b: Option<u64>| *a = a.map_or(b, |a| Some(a.saturating_add(b.unwrap_or(0))));
        sum(&mut self.input, other.input);
        sum(&mut self.output, other.output);
        sum(&mut self.cached, other.cached);
        sum(&mut self.cache_write, other.cache_write);
        sum(&mut self.cache_write_1h, other.cache_write_1h);
        sum(&mut self.reasoning, other.reasoning);
        sum(&mut self.searches, other.searches);
    }

    /// Input and output together, where both are known.
    pub fn total(&self) -> Option<u64> {
        Some(self.input?.saturating_add(self.output?))
    }
}
