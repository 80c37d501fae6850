//! What budgets and limits would make of a call, without holding anything.
//!
//! The walk is that of [`super::afford`]: the same rules in the same order, asked the same question.

use std::sync::Arc;

use serde::Serialize;
use smallvec::SmallVec;

use super::Call;
use super::afford::{Need, asked, instead, refusal};
use crate::canonical::Fault;
use crate::health::Registry;
use crate::ledger::{Rule, Then};
use crate::routing::{Model, Target};

/// A budget or limit for which there is not enough.
#[derive(Clone, Debug, Serialize)]
pub struct Lacking {
    /// The rule.
    pub rule: String,
    /// What becomes of the call: `deny`, `wait`, `warn`, `next`, or `fallback: MODEL`.
    pub then: String,
    /// What there is, and until when.
    pub why: String,
}

/// What rules about calls make of one.
pub(super) struct Foreseen {
    /// Who answers, in the end.
    pub(super) model: Arc<Model>,
    /// Those for which there is not enough, in the order in which they were asked.
    pub(super) lacking: Vec<Lacking>,
    /// The call is refused.
    pub(super) refused: Option<Fault>,
}

/// What rules about calls would make of this one.
pub(super) fn a_call(call: &Call, registry: &Registry, mut model: Arc<Model>) -> Result<Foreseen, Fault> {
    let (rules, need) = (&call.snapshot.rules, Need::of(call));
    let mut spared = SmallVec::<[&Arc<Rule>; 2]>::new();
    let mut lacking = Vec::new();
    'model: loop {
        let amount = need.at_most(call, model.groups.iter().flatten());
        let asked: SmallVec<[&Arc<Rule>; 4]> = rules.of_call(asked(call, &model)).collect();
        for rule in asked {
            if spared.iter().any(|spared| Arc::ptr_eq(spared, rule)) {
                continue;
            }
            let Some(short) = rule.account.lacks(&rule.caps, need.within(rule, amount)) else { continue };
            let refusal = refusal(rule, &short);
            lacking.push(told(rule, &refusal));
            match &rule.then {
                Then::Warn => {}
                Then::Fallback(other) => {
                    spared.push(rule);
                    model = instead(call, registry, &model, other)?;
                    continue 'model;
                }
                Then::Wait if short.room_in.is_some_and(|pause| pause < model.policy.total) => {}
                Then::Wait | Then::Deny | Then::Next => {
                    return Ok(Foreseen { model, lacking, refused: Some(refusal) });
                }
            }
        }
        return Ok(Foreseen { model, lacking, refused: None });
    }
}

/// The rule that would be against a try at `target`, in words.
pub(super) fn a_try(call: &Call, model: &Model, target: &Target) -> Option<String> {
    let need = Need::of(call);
    let amount = need.at_most(call, [target]);
    call.snapshot.rules.of_try(asked(call, model), target).find_map(|rule| {
        let short = rule.account.lacks(&rule.caps, need.within(rule, amount))?;
        let Lacking { then, why, .. } = told(rule, &refusal(rule, &short));
        Some(format!("{then}: {why}"))
    })
}

fn told(rule: &Rule, refusal: &Fault) -> Lacking {
    let then = match &rule.then {
        Then::Deny => "deny".to_owned(),
        Then::Fallback(model) => format!("fallback: {model}"),
        Then::Warn => "warn".to_owned(),
        Then::Next => "next".to_owned(),
        Then::Wait => "wait".to_owned(),
    };
    Lacking { rule: rule.name.to_string(), then, why: refusal.message.to_string() }
}
