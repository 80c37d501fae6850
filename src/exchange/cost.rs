//! What a call costs: the tokens that were counted, at the prices of those who answered.
//!
//! What is not known is not nothing: without a price, or without a count, there is no cost. Of an answer that breaks off,
//! or that the client does not wait for, few providers tell a count, though they charge what they have written: it is
//! estimated from what has come.

use std::sync::Arc;

use super::Call;
use crate::canonical::{Service, Usage, estimate};
use crate::catalogue::{Facts, Price};
use crate::dialect::doors::Operation;
use crate::dialect::flow::{Flow, Given};
use crate::dialect::service_tier;
use crate::ledger::Amount;
use crate::money::Usd;

/// Of what goes out in a stream, so little is text, where the text itself was not kept.
const FRAMES: u64 = 40;

/// What has to be paid for a call.
#[derive(Default)]
pub(super) struct Bill {
    /// Of whoever answers.
    facts: Option<Arc<Facts>>,
    /// What was used of the answer that nobody has counted to its end.
    estimated: Option<Usage>,
    /// For answers before, which broke off.
    before: Usd,
    /// Tokens of these.
    tokens: u64,
    /// That is not all: what one of them cost is not known.
    more: bool,
}

impl Call {
    /// Whoever answers from here on is paid by `facts`.
    pub(super) fn is_paid_by(&mut self, facts: &Arc<Facts>) {
        self.bill.facts = Some(facts.clone());
    }

    /// Nothing more is read of an answer, of which the client has what was `given`, where that was kept.
    pub(super) fn was_cut_short(&mut self, flow: &dyn Flow, given: Option<&Given>) {
        let usage = flow.usage();
        if flow.stopped() && usage.output.is_some() {
            return;
        }
        let text = given.map_or(self.record.bytes_out / FRAMES, |given| given.text_length() as u64);
        self.bill.estimated = Some(Usage {
            input: usage.input.or(Some(estimate::of_bytes(self.body.len() as u64))),
            output: usage.output.max(Some(estimate::of_bytes(text))),
            ..usage
        });
        self.record.estimated = true;
    }

    /// What the latest answer cost, `usage` of which was counted.
    fn price(&self, usage: &Usage) -> Option<Usd> {
        if self.operation == Operation::CountTokens {
            return Some(Usd::ZERO); // nobody takes money for it
        }
        let (usage, price) = (self.bill.estimated.as_ref().unwrap_or(usage), self.bill.facts.as_ref()?.price.as_ref()?);
        let free = || [price.input, price.output].iter().all(|price| *price == Some(Usd::ZERO));
        if usage.is_empty() && !free() {
            return price.request.filter(|_| self.operation == Operation::Rerank);
        }
        match usage.service {
            Some(_) => price.cost(usage),
            None => price.cost_as(usage, self.service_asked(price)),
        }
    }

    /// The class of service that the call asks for, where that makes a difference.
    pub(super) fn service_asked(&self, price: &Price) -> Service {
        if price.classes.is_empty() {
            return Service::Standard;
        }
        *self.service.get_or_init(|| service_tier::of(&self.body).unwrap_or_default())
    }

    /// All of them, and what was thought to be used.
    fn tokens(&self, usage: &Usage) -> u64 {
        let Usage { input, output, .. } = *self.bill.estimated.as_ref().unwrap_or(usage);
        input.unwrap_or(0).saturating_add(output.unwrap_or(0))
    }

    fn settle(&mut self, last: Usd) {
        let tokens = self.tokens(&self.record.usage);
        let amount = Amount::of_a_call(tokens, last);
        self.held_for_try.drain(..).for_each(|held| held.settle(amount));
        let amount = Amount::of_a_call(tokens.saturating_add(self.bill.tokens), last + self.bill.before);
        self.held.drain(..).for_each(|held| held.settle(amount));
    }

    /// What the latest answer cost, which broke off: another one may follow.
    pub(super) fn pay_for_a_part(&mut self, usage: &Usage) -> Option<Usd> {
        let cost = self.price(usage);
        let amount = Amount::of_a_call(self.tokens(usage), cost.unwrap_or_default());
        self.held_for_try.drain(..).for_each(|held| held.settle(amount));
        self.bill.tokens = self.bill.tokens.saturating_add(self.tokens(usage));
        self.bill.before += cost.unwrap_or_default();
        self.bill.more |= cost.is_none();
        (self.bill.estimated, self.bill.facts) = (None, None);
        cost
    }

    /// The cost of the whole call, which is over.
    pub(super) fn sum_up(&mut self) {
        let last = match self.bill.facts {
            Some(_) => self.price(&self.record.usage),
            None => Some(Usd::ZERO), // nobody answered
        };
        if !(self.held.is_empty() && self.held_for_try.is_empty()) {
            self.settle(last.unwrap_or_default());
        }
        self.record.cost = last.filter(|_| !self.bill.more).map(|last| last + self.bill.before);
    }
}
