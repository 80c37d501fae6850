//! How a model chooses among its targets, as it is said.

use std::num::NonZeroUsize;

use crate::config::money::{Factor, Money};
use crate::config::setting::{Located, OneOrMore, key, settings};
use crate::config::units::{Period, Share};
use crate::config::words::words;

settings! {
    /// What a score is made of: docs/routing.md has the formula. What is not said is as in `defaults`, and there as
    /// written here.
    pub struct Scoring {
        /// What a second of waiting for the first token is worth, in dollars. Default 0.0002.
        first_token: Option<Money> = None,
        /// What a second of the whole answer is worth, in dollars. Default 0.0001.
        time: Option<Money> = None,
        /// Times shorter than this are as good as none. Default 250ms.
        unnoticed: Option<Period> = None,
        /// How many times its cost an error adds. Default 8.
        errors: Option<Factor> = None,
        /// The same of a tool call that cannot be read. Default 1.
        tools: Option<Factor> = None,
        /// What a 429 is as bad as waiting for. Default 20s.
        limited: Option<Period> = None,
        /// Who costs so much more than the best has half a share; shares fall steeply there. Default 20%.
        edge: Option<Share> = None,
        /// The share of calls by which old figures are made new. Default 2%.
        explore: Option<Share> = None,
    }

    /// Hard: no target outside answers, ever. What is not known of a target excludes it.
    pub struct Require {
        /// Where it runs: one of these, or a place within (`eu` for `eu-west-1` and `europe-west4`).
        region: Option<OneOrMore<String>> = None,
        /// `deny`: it does not train on what it is sent.
        training: Option<Promise> = None,
        /// `deny`: it keeps nothing of what it is sent.
        retention: Option<Promise> = None,
        /// How its weights are stored: one of these.
        quantization: Option<OneOrMore<String>> = None,
        /// It costs no more.
        max_price: MaxPrice = MaxPrice::default(),
        /// So many tokens fit into its context.
        context: Option<NonZeroUsize> = None,
        /// What its model can do, by its provider's `models` or the catalogue: `tools`, `parallel_tools`, `tool_choice`,
        /// `structured_output`, `reasoning`, `prefill`, `sampling`, `web_search`, `computer_use`, `images` (or `vision`),
        /// `documents`, `audio`, `video`, `speech`.
        abilities: Option<OneOrMore<Located<String>>> = None,
        /// It is one of these: providers, kinds of providers, targets, or models by their names in the catalogue. `*`
        /// stands for any part.
        only: Option<OneOrMore<Located<String>>> = None,
        /// It is none of these.
        ignore: Option<OneOrMore<Located<String>>> = None,
    }

    /// At most so many dollars; for tokens, for a million of them.
    pub struct MaxPrice {
        /// Tokens of the prompt.
        input: Option<Money> = None,
        /// Tokens of the answer.
        output: Option<Money> = None,
        /// Each request.
        request: Option<Money> = None,
        /// Each image.
        image: Option<Money> = None,
        /// Tokens of sound.
        audio: Option<Money> = None,
    }

    /// Soft bounds on medians: a target that misses one comes after those that keep them.
    pub struct Prefer {
        /// The first token comes within this time.
        first_token: Option<Period> = None,
        /// At least so many tokens a second.
        throughput: Option<Factor> = None,
    }
}

words! {
    /// How a model's targets share the load.
    pub enum Balance {
        /// By what a good answer costs: its price, its time, its faults.
        Score = "score",
        /// The cheapest first.
        Price = "price",
        /// The one with the soonest first token first.
        Latency = "latency",
        /// The one that writes fastest first.
        Throughput = "throughput",
        /// The one with the fewest calls under way for its weight first.
        LeastBusy = "least_busy",
        /// At random, in proportion to their weights.
        Weighted = "weighted",
        /// One after the other.
        RoundRobin = "round_robin",
    }

    /// What is asked of a provider's use of what it is sent.
    pub enum Promise {
        /// It may.
        Allow = "allow",
        /// It may not, and has to say so.
        Deny = "deny",
    }

    /// Whether a conversation stays where its prompt is cached.
    pub enum Sticky {
        /// One that has a name from its first answer on; with `balance: score` also one that is known by its beginning, once its
        /// prompt was seen to come from a cache.
        Auto = "auto",
        /// Only one that has a name.
        Session = "session",
        /// It does not matter.
        Off = "off",
    }
}
