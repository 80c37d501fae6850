//! What a model costs, and what one answer of it did.

pub use crate::canonical::Service;
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
    /// Other prices for calls that ask for another class of service.
    pub classes: Vec<Class>,
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
    /// Instead of [`Price::cache_write_1h`].
    pub cache_write_1h: Option<Usd>,
}

/// What the tokens of a call cost in another class of service, however long its prompt is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Which class.
    pub service: Service,
    /// Instead of [`Price::input`].
    pub input: Option<Usd>,
    /// Instead of [`Price::output`].
    pub output: Option<Usd>,
    /// Instead of [`Price::cache_read`].
    pub cache_read: Option<Usd>,
    /// Instead of [`Price::cache_write`].
    pub cache_write: Option<Usd>,
    /// Instead of [`Price::cache_write_1h`].
    pub cache_write_1h: Option<Usd>,
}

impl Class {
    /// A class of which nothing is known yet.
    pub const fn of(service: Service) -> Self {
        Self { service, input: None, output: None, cache_read: None, cache_write: None, cache_write_1h: None }
    }
}

impl Price {
    /// What `usage` costs, in its class of service; `None` where a price that is needed is not known.
    pub fn cost(&self, usage: &Usage) -> Option<Usd> {
        self.cost_as(usage, usage.service.unwrap_or_default())
    }

    /// The same in another class of service. One whose price is not known costs as usual.
    pub fn cost_as(&self, usage: &Usage, service: Service) -> Option<Usd> {
        let prompt = usage.billed_input.or(usage.input).unwrap_or(0);
        let tier = self.tier(prompt);
        let class = self.classes.iter().find(|class| class.service == service);
        let of = |in_class: fn(&Class) -> Option<Usd>, in_tier: fn(&Tier) -> Option<Usd>, base: Option<Usd>| {
            class.and_then(in_class).or(tier.and_then(in_tier)).or(base)
        };
        let input = of(|class| class.input, |tier| tier.input, self.input);
        let output = of(|class| class.output, |tier| tier.output, self.output);
        let read = of(|class| class.cache_read, |tier| tier.cache_read, self.cache_read).or(input);
        let write = of(|class| class.cache_write, |tier| tier.cache_write, self.cache_write).or(input);
        let hour = of(|class| class.cache_write_1h, |tier| tier.cache_write_1h, self.cache_write_1h).or(write);
        // A class has no price of its own for thoughts.
        let thought = class.and_then(|class| class.output).or(self.reasoning).or(output);
        // What is billed says nothing of the cache: its counts are of all that was read.
        let (cached, written) = match usage.billed_input {
            Some(_) => (0, 0),
            None => (usage.cached.unwrap_or(0), usage.cache_write.unwrap_or(0)),
        };
        let written_1h = usage.cache_write_1h.unwrap_or(0).min(written);
        let answer = usage.billed_output.or(usage.output).unwrap_or(0);
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

    /// The prices that hold for a prompt of so many tokens, if it is longer than usual.
    pub fn tier(&self, prompt: u64) -> Option<&Tier> {
        self.tiers.iter().rev().find(|tier| prompt > tier.above)
    }

    /// What `other` says counts more. A price for input or output that it says holds for every length and class: what
    /// is known of the others belongs to a price that it replaces.
    pub fn overlay(&mut self, other: Self) {
        if other.input.is_some() || other.output.is_some() {
            (self.tiers, self.classes) = (other.tiers, other.classes);
            if other.input.is_some() {
                (self.cache_read, self.cache_write, self.cache_write_1h, self.audio) = Default::default();
            }
            if other.output.is_some() {
                self.reasoning = None;
            }
        }
        let pairs = [
            (&mut self.input, other.input),
            (&mut self.output, other.output),
            (&mut self.cache_read, other.cache_read),
            (&mut self.cache_write, other.cache_write),
            (&mut self.cache_write_1h, other.cache_write_1h),
            (&mut self.reasoning, other.reasoning),
            (&mut self.image, other.image),
            (&mut self.audio, other.audio),
            (&mut self.request, other.request),
        ];
        for (here, there) in pairs {
            *here = there.or(*here);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Option<Usd> {
        Usd::parse(text)
    }

    fn price() -> Price {
        let class = Class { input: usd("1.5"), output: usd("7.5"), ..Class::of(Service::Batch) };
        Price {
            input: usd("3"),
            output: usd("15"),
            cache_read: usd("0.3"),
            cache_write: usd("3.75"),
            cache_write_1h: usd("6"),
            tiers: vec![Tier { above: 200_000, input: usd("6"), output: usd("22.5"), ..Tier::default() }],
            classes: vec![class],
            ..Price::default()
        }
    }

    #[test]
    fn each_kind_of_token_has_its_price() {
        let price = price();
        let usage = Usage {
            input: Some(1_000),
            output: Some(100),
            cached: Some(500),
            cache_write: Some(300),
            cache_write_1h: Some(100),
            reasoning: Some(40),
            ..Usage::default()
        };
        // 200 x 3 + 500 x 0.3 + 200 x 3.75 + 100 x 6 + 100 x 15, in millionths of a dollar.
        assert_eq!(price.cost(&usage), usd("0.0036"));
        let long = Usage { input: Some(200_001), output: Some(1), ..Usage::default() };
        assert_eq!(price.cost(&long), usd("1.2000285"));
        assert_eq!(Price { output: None, ..price.clone() }.cost(&usage), None);
        assert_eq!(price.cost(&Usage::default()), Some(Usd::ZERO));
        let short = Usage { input: Some(1_000), output: Some(100), cached: Some(500), ..Usage::default() };
        assert_eq!(price.cost_as(&short, Service::Batch), usd("0.00165"));
        assert_eq!(price.cost_as(&short, Service::Flex), price.cost(&short));
        assert_eq!(price.cost(&Usage { service: Some(Service::Batch), ..short }), usd("0.00165"));
        let thought = Usage { reasoning: Some(100), service: Some(Service::Batch), ..short };
        assert_eq!(Price { reasoning: usd("20"), ..price }.cost(&thought), usd("0.00165"));
    }

    /// Cohere counts what it adds to a prompt, and does not take money for it.
    #[test]
    fn what_is_billed_is_paid() {
        let (input, cached) = (Some(700), Some(690));
        let usage = Usage { input, cached, output: Some(100), billed_input: Some(200), ..Usage::default() };
        assert_eq!(price().cost(&usage), usd("0.0021"));
        assert_eq!(price().cost(&Usage { billed_output: Some(40), ..usage }), usd("0.0012"));
    }

    #[test]
    fn what_is_said_of_a_price_replaces_what_belonged_to_it() {
        let mut own = price();
        own.overlay(Price { input: usd("1"), ..Price::default() });
        let expected = Price { input: usd("1"), output: usd("15"), ..Price::default() };
        assert_eq!(own, expected);
        let mut own = price();
        own.overlay(Price { request: usd("0.01"), ..Price::default() });
        assert_eq!(own, Price { request: usd("0.01"), ..price() });
    }
}
