//! What is counted: requests, tokens, money.

use std::ops::{AddAssign, SubAssign};

use crate::money::Usd;

/// So much of each thing that can be limited. Differences may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Calls, or tries of them.
    pub requests: i64,
    /// Of the prompt and of the answer.
    pub tokens: i64,
    /// Money.
    pub usd: Usd,
}

/// At most so much. `None`: any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Calls, or tries of them.
    pub requests: Option<i64>,
    /// Of the prompt and of the answer.
    pub tokens: Option<i64>,
    /// Money.
    pub usd: Option<Usd>,
}

/// What there is not enough of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meter {
    /// Calls.
    Requests,
    /// Tokens.
    Tokens,
    /// Money.
    Money,
}

impl Amount {
    /// One call with so many tokens, at that cost.
    pub fn of_a_call(tokens: u64, usd: Usd) -> Self {
        Self { requests: 1, tokens: i64::try_from(tokens).unwrap_or(i64::MAX), usd }
    }
}

impl Amount {
    /// The same without what is below nothing.
    pub fn at_least_nothing(self) -> Self {
        Self { requests: self.requests.max(0), tokens: self.tokens.max(0), usd: self.usd.max(Usd::ZERO) }
    }
}

impl Caps {
    /// The first thing that `used` has more of than is allowed.
    pub fn exceeded_by(&self, used: &Amount) -> Option<Meter> {
        if self.requests.is_some_and(|most| used.requests > most) {
            return Some(Meter::Requests);
        }
        if self.tokens.is_some_and(|most| used.tokens > most) {
            return Some(Meter::Tokens);
        }
        self.usd.is_some_and(|most| used.usd > most).then_some(Meter::Money)
    }

    /// `amount`, but no more of anything than is allowed altogether.
    pub fn clip(&self, amount: Amount) -> Amount {
        Amount {
            requests: amount.requests,
            tokens: self.tokens.map_or(amount.tokens, |most| amount.tokens.min(most)),
            usd: self.usd.map_or(amount.usd, |most| amount.usd.min(most)),
        }
    }

    /// How much of the most limited thing is used up, from 0 on; 1 is all of it.
    pub fn share_of(&self, used: &Amount) -> f64 {
        let share = |used: f64, most: f64| if most > 0.0 { used / most } else { 1.0 };
        let requests = self.requests.map_or(0.0, |most| share(used.requests as f64, most as f64));
        let tokens = self.tokens.map_or(0.0, |most| share(used.tokens as f64, most as f64));
        let usd = self.usd.map_or(0.0, |most| share(used.usd.nanos() as f64, most.nanos() as f64));
        requests.max(tokens).max(usd).max(0.0)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.usd += other.usd;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        self.requests = self.requests.saturating_sub(other.requests);
        self.tokens = self.tokens.saturating_sub(other.tokens);
        self.usd = self.usd - other.usd;
    }
}
