//! What a model costs, and what one answer of it did.

use crate::canonical::Usage;
use crate::money::Usd;

/// What a model costs at one provider. Amounts for tokens are for a million of them. `None`: not known, or, where
/// another says so, as that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Tokens of the prompt.
    pub input: Option<Usd>,
    /// Tokens of the answer.
    pub output: Option<Usd>,
    /// Tokens of the prompt read from the provider's cache. Otherwise as [`Self::input`].
    pub cache_read: Option<Usd>,
    /// Tokens written to the provider's cache. Otherwise as [`Self::input`].
    pub cache_write: Option<Usd>,
    /// Those that are kept for an hour. Otherwise as [`Self::cache_write`].
    pub cache_write_1h: Option<Usd>,
    /// Tokens of reasoning. Otherwise as [`Self::output`].
    pub reasoning: Option<Usd>,
    /// Each image of the prompt.
    pub image: Option<Usd>,
    /// Tokens of sound. Otherwise as [`Self::input`].
    pub audio: Option<Usd>,
    /// Each request.
    pub request: Option<Usd>,
    /// Other prices for prompts that are longer, by length, the shortest first.
    pub tiers: Vec<Tier>,
}

/// What all tokens of a call cost when its prompt is longer than a bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tier {
    /// Prompts with more tokens than this.
    pub above: u64,
    /// Instead of [`Price::input`].
    pub input: Option<Usd>,
    /// Instead of [`Price::output`].
    pub output: Option<Usd>,
    /// Instead of [`Price::cache_read`].
    pub cache_read: Option<Usd>,
    /// Instead of [`Price::cache_write`].
    pub cache_write: Option<Usd>,
}

impl Price {
    /// What `usage` costs; `None` where a price that is needed is not known.
    pub fn cost(&self, usage: &Usage) -> Option<Usd> {
        let prompt = usage.input.unwrap_or(0);
        let tier = self.tiers.iter().rev().find(|tier| prompt > tier.above);
        let of = |said: fn(&Tier) -> Option<Usd>, base: Option<Usd>| tier.and_then(said).or(base);
        let input = of(|tier| tier.input, self.input);
        let output = of(|tier| tier.output, self.output);
        let read = of(|tier| tier.cache_read, self.cache_read).or(input);
        let write = of(|tier| tier.cache_write, self.cache_write).or(input);
        let hour = self.cache_write_1h.or(write);
        let thought = self.reasoning.or(output);
        let (cached, written) = (usage.cached.unwrap_or(0), usage.cache_write.unwrap_or(0));
        let written_1h = usage.cache_write_1h.unwrap_or(0).min(written);
        let answer = usage.output.unwrap_or(0);
        let reasoning = usage.reasoning.unwrap_or(0).min(answer);
        let parts = [
            (input, prompt.saturating_sub(cached).saturating_sub(written)),
            (read, cached),
            (write, written - written_1h),
            (hour, written_1h),
            (output, answer - reasoning),
            (thought, reasoning),
        ];
        let mut sum = self.request.unwrap_or_default();
        for (rate, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
            sum += rate?.per_million(count);
        }
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Option<Usd> {
        Usd::parse(text)
    }

    #[test]
    fn each_kind_of_token_has_its_price() {
        let price = Price {
            input: usd("3"),
            output: usd("15"),
            cache_read: usd("0.3"),
            cache_write: usd("3.75"),
            cache_write_1h: usd("6"),
            tiers: vec![Tier { above: 200_000, input: usd("6"), output: usd("22.5"), ..Tier::default() }],
            ..Price::default()
        };
        let usage = Usage {
            input: Some(1_000),
            output: Some(100),
            cached: Some(500),
            cache_write: Some(300),
            cache_write_1h: Some(100),
            reasoning: Some(40),
        };
        // 200 x 3 + 500 x 0.3 + 200 x 3.75 + 100 x 6 + 100 x 15, in millionths of a dollar.
        assert_eq!(price.cost(&usage), usd("0.0036"));
        let long = Usage { input: Some(200_001), output: Some(1), ..Usage::default() };
        assert_eq!(price.cost(&long), usd("1.2000285"));
        assert_eq!(Price { output: None, ..price.clone() }.cost(&usage), None);
        assert_eq!(price.cost(&Usage::default()), Some(Usd::ZERO));
    }
}
