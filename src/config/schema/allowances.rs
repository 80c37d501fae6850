//! Budgets and limits.

use std::num::NonZeroU64;

use serde_json::{Value, json};

use crate::config::reader::Reader;
use crate::config::setting::{Field, Located, Named, OneOrMore, Setting, key, settings};
use crate::config::words::words;
use crate::config::yaml::{Data, Node};
use crate::money::Usd;

settings! {
    /// How much may be used in a time.
    pub struct Allowance {
        /// Whose use counts: all that is said has to hold. Nothing said: everybody's.
        scope as "for": Scope = Scope::default(),
        /// Money: `50 USD`.
        limit: Option<Money> = None,
        /// Calls; where it is for a provider or a target, tries.
        requests: Option<NonZeroU64> = None,
        /// Tokens of prompts and answers.
        tokens: Option<NonZeroU64> = None,
        /// How long it has to last: the last `minute` or `hour`, or the calendar's `day`, `week` or `month`, in UTC.
        per: Located<Per> = Located::unplaced(Per::Day),
        /// What becomes of a call for which there is not enough: `deny`, `{fallback: MODEL}`, `warn`, `wait`, or, of a
        /// try at a provider or a target, `next`. Default: `next` for tries, else `deny`.
        then: Option<Located<Then>> = None,
    }

    /// Whose use counts.
    pub struct Scope {
        /// A name of `callers`.
        caller: Option<Located<String>> = None,
        /// Headers of the call. `*` stands for any part of a value.
        header: Named<OneOrMore<String>> = Named::default(),
        /// A name of `models`, or `provider/model`.
        model: Option<Located<String>> = None,
        /// A name of `providers`.
        provider: Option<Located<String>> = None,
    }

    /// How much may be used of one provider in a time.
    pub struct OfProvider {
        /// Money: `50 USD`.
        limit: Option<Money> = None,
        /// Tries there.
        requests: Option<NonZeroU64> = None,
        /// Tokens of prompts and answers.
        tokens: Option<NonZeroU64> = None,
        /// How long it has to last: the last `minute` or `hour`, or the calendar's `day`, `week` or `month`, in UTC.
        per: Located<Per> = Located::unplaced(Per::Day),
        /// What becomes of a try for which there is not enough: the next target is asked, or `wait`, `warn`, `deny`.
        then: Located<ThenWord> = Located::unplaced(ThenWord::Next),
    }

    /// The long form of what becomes of a call.
    pub struct ThenForm {
        /// The model that answers in the place of the one asked for.
        fallback: Option<Located<String>> = None,
    }
}

words! {
    /// How long an allowance has to last.
    pub enum Per {
        /// The last sixty seconds.
        Minute = "minute",
        /// The last sixty minutes.
        Hour = "hour",
        /// Since midnight.
        Day = "day",
        /// Since Monday.
        Week = "week",
        /// Since the first.
        Month = "month",
    }

    /// What becomes of a call, in one word.
    pub enum ThenWord {
        /// It is refused.
        Deny = "deny",
        /// It goes on, and the operator is told.
        Warn = "warn",
        /// The next target is asked.
        Next = "next",
        /// It waits.
        Wait = "wait",
    }
}

impl OfProvider {
    /// The same said of the provider with that name.
    pub fn of(&self, provider: &Located<String>) -> Allowance {
        let scope = Scope { provider: Some(provider.clone()), ..Scope::default() };
        let Self { limit, requests, tokens, per, then } = self.clone();
        let then = Some(Located { value: Then::Word(then.value), place: then.place });
        Allowance { scope, limit, requests, tokens, per, then }
    }
}

/// An amount of money, more than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money(pub Usd);

impl Setting for Money {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "an amount such as `50 USD`";
        let text = reader.text(node, wanted)?;
        let amount =
            text.strip_suffix("USD").map(str::trim_end).or_else(|| text.strip_prefix('$').map(str::trim_start));
        match amount.and_then(Usd::parse) {
            Some(usd) if usd > Usd::ZERO => Some(Self(usd)),
            _ => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        json!(format!("{} USD", self.0))
    }
}

/// What becomes of a call for which there is not enough.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// In one word.
    Word(ThenWord),
    /// This model answers.
    Fallback(Located<String>),
}

impl Setting for Then {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Data::Map(_) = &node.data else { return ThenWord::read(node, reader).map(Self::Word) };
        match ThenForm::read(node, reader)?.fallback {
            Some(model) => Some(Self::Fallback(model)),
            None => reader.wrong(node.at, "`fallback` is missing", "name the model that answers: `{fallback: MODEL}`"),
        }
    }

    fn show(&self) -> Value {
        match self {
            Self::Word(word) => word.show(),
            Self::Fallback(model) => json!({ "fallback": model.show() }),
        }
    }

    fn fields() -> &'static [Field] {
        ThenForm::fields()
    }
}
