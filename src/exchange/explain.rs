//! What the real router would do with a call, without sending it.
//!
//! A supposed call is a [`Call`] like any other and walks the same way up to the first try; only its record goes
//! nowhere, and nothing is held, drawn, remembered or counted for it.

mod supposed;

use http::{HeaderMap, HeaderName};
use serde::Serialize;

pub use supposed::{Refused, Supposed};

use super::foresee::{self, Lacking};
use super::routed::Chosen;
use super::{Call, attempt};
use crate::routing::constraints::Whose;
use crate::routing::explain::{Explanation, Out, explain};
use crate::routing::plan::{Candidate, Question};
use crate::routing::{Model, Target};

/// `x-outrider-explain: true`: the decision is told on the call's log line.
const EXPLAIN: HeaderName = HeaderName::from_static("x-outrider-explain");

/// Whether the client wants it told.
pub(super) fn wanted(headers: &HeaderMap) -> bool {
    headers.get(&EXPLAIN).is_some_and(|value| value == "true")
}

/// All that led to a decision, and the decision.
#[derive(Debug, Serialize)]
pub struct Account {
    /// The model that the call names.
    pub asked: String,
    /// In which dialect.
    pub dialect: &'static str,
    /// Who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The first route that fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// What is said to a router and nobody here can do anything about; `models: NAME`: nobody serves that one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
    /// Budgets and limits for which there is not enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<Lacking>,
    /// The conversation that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Known>,
    /// What the client would be told instead of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// Who is asked, in which order, and why.
    #[serde(flatten)]
    pub decision: Explanation,
}

/// A conversation.
#[derive(Debug, Serialize)]
pub struct Known {
    /// `name` or `beginning`.
    pub by: &'static str,
    /// Where it was last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Tokens of its prompt that should be in that one's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
}

/// Why the targets that `chosen` has are asked in this order, as JSON for the log.
pub(super) fn told(call: &Call, chosen: &Chosen, question: &Question<'_>, order: &[Candidate]) -> Box<str> {
    let told = account(call, chosen, question, order);
    serde_json::to_string(&told).unwrap_or_default().into() // numbers and texts: cannot fail
}

fn account(call: &Call, chosen: &Chosen, question: &Question<'_>, order: &[Candidate]) -> Account {
    let mut decision = explain(&chosen.model, question, order);
    decision.excluded.extend(left_out(chosen));
    Account {
        asked: call.record.model_asked.clone(),
        dialect: call.dialect.as_str(),
        caller: call.record.caller.as_ref().map(ToString::to_string),
        route: call.route_name().map(ToString::to_string),
        lost: call.record.lost.clone(),
        lacking: Vec::new(),
        conversation: call.conversation.map(|conversation| Known {
            by: conversation.known_by(),
            at: question.warm.map(|warm| warm.target.to_string()),
            cached: question.warm.map(|warm| warm.tokens as u64),
        }),
        refused: None,
        decision,
    }
}

/// Targets that the call's `x-outrider-only` leaves out.
fn left_out(chosen: &Chosen) -> Vec<Out> {
    if chosen.named.name != chosen.model.name {
        return Vec::new(); // a budget has led to another one
    }
    let kept = |target: &Target| chosen.model.groups.iter().flatten().any(|kept| kept.id == target.id);
    let all = chosen.named.groups.iter().flatten();
    let out = |target: &Target| Out {
        target: target.id.to_string(),
        by: "x-outrider-only",
        found: "not among those that the call names".to_owned(),
        whose: Whose::Call.to_string(),
    };
    all.filter(|target| !kept(target)).map(out).collect()
}

/// What else is against asking each of the candidates.
fn annotate(call: &Call, model: &Model, account: &mut Account) {
    let body = call.body.slice(0, call.body.len());
    let request = call.codec().read_request(&body, &call.asked()).ok();
    for one in &mut account.decision.candidates {
        let named = |target: &&Target| target.id.as_str() == one.target;
        let Some(target) = model.groups.iter().flatten().find(named) else { continue };
        let lacks = request.as_ref().and_then(|request| target.abilities().lacking(request));
        one.notes.extend(lacks.map(|what| format!("passed over: it {what}")));
        one.notes.extend(foresee::a_try(call, model, target));
    }
}

impl Account {
    /// For people.
    pub fn table(&self) -> String {
        use std::fmt::Write;
        let Explanation { model, balance, sorted_by, prompt_tokens, answer_tokens, .. } = &self.decision;
        let mut text = format!("asked for {}, answered by model {model}, balance {balance}", self.asked);
        if let Some(by) = sorted_by {
            let _ = write!(text, ", sorted by {by}");
        }
        text.push('\n');
        let tokens = |tokens: &Option<u64>| tokens.map(|tokens| format!("about {tokens} tokens"));
        let conversation = self.conversation.as_ref().map(|known| match &known.at {
            Some(target) => format!("known by its {}, was last at {target}", known.by),
            None => format!("known by its {}, was nowhere yet", known.by),
        });
        for (name, value) in [
            ("caller", self.caller.clone()),
            ("route", self.route.clone()),
            ("prompt", tokens(prompt_tokens)),
            ("answer", answer_tokens.map(|tokens| format!("at most {tokens} tokens"))),
            ("conversation", conversation),
            ("passed over", Some(self.lost.join(", ")).filter(|lost| !lost.is_empty())),
        ] {
            if let Some(value) = value {
                let _ = writeln!(text, "{name}: {value}");
            }
        }
        for Lacking { rule, then, why } in &self.lacking {
            let _ = writeln!(text, "budget {rule}: {then} ({why})");
        }
        if let Some(refused) = &self.refused {
            let _ = writeln!(text, "refused with {}: {}", refused.status, refused.message);
        }
        text.push('\n');
        text.push_str(&self.decision.table());
        text
    }
}
