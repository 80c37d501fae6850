//! Who made what a request brings along: signatures of thoughts, and names of answers that are kept at their provider.
//!
//! Nobody else can read them. So what each answer carries is remembered by its mark, and a call that brings one along
//! goes to whom it is from before all others. One that speaks of an answer that is kept goes to nobody else; of one that
//! brings signatures, others are told the rest, without them.

use std::time::{Duration, Instant};

use memchr::memmem;

use super::Call;
use crate::canonical::{Dialect, Noted, Part, Request, mark};
use crate::health::Registry;
use crate::routing::plan::Plan;
use crate::routing::{Model, Target};

/// A tool loop or a conversation may rest for so long. The table is bounded, whatever comes.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// Of a request so much is looked at, from its end: what was made last is what counts.
const LOOKED_AT: usize = 1 << 20;

/// Where each dialect has signatures; those of others travel in the same places.
const OF_CHAT: &[&str] = &["thought_signature", "signature", "data"];
const OF_RESPONSES: &[&str] = &["encrypted_content"];
const OF_ANTHROPIC: &[&str] = &["signature", "data"];
const OF_GEMINI: &[&str] = &["thoughtSignature", "thought_signature"];
const OF_OTHERS: &[&str] = &[];

/// Where a Responses request names an answer that is kept.
const KEPT: &str = "previous_response_id";

/// Who made what a call brings along.
#[derive(Clone, Debug, PartialEq)]
pub struct Maker {
    /// The provider, by its name in the configuration.
    pub provider: Box<str>,
    /// It keeps what the call speaks of: nobody else can answer.
    alone: bool,
}

impl Maker {
    /// Of `call`, which `model` answers. `None`: nobody, nobody who is known, or it makes no difference.
    pub(super) fn of(call: &Call, model: &Model, registry: &Registry, now: Instant) -> Option<Self> {
        let mut providers = model.groups.iter().flatten().map(|target| &target.provider.id);
        let first = providers.next()?;
        if !registry.made().is_used() || providers.all(|provider| provider == first) {
            return None;
        }
        let length = call.body.len();
        let body = call.body.slice(length.saturating_sub(LOOKED_AT), length);
        let made_by = |name: &&str| registry.made().find(mark(&last(&body, name)?), now);
        let kept = Some(&KEPT).filter(|_| call.dialect == Dialect::OpenAiResponses).and_then(made_by);
        let alone = kept.is_some();
        let place = kept.or_else(|| names(call.dialect).iter().find_map(made_by))?;
        let provider = place.target.provider();
        let serves = model.groups.iter().flatten().any(|target| target.provider.id.as_str() == provider);
        serves.then(|| Self { provider: provider.into(), alone })
    }

    /// Leaves nobody else in `plan`, where nobody else can answer.
    pub(super) fn confine(&self, plan: &mut Plan) {
        let Plan { model, order } = plan;
        let is_it = |target: &Target| target.provider.id.as_str() == &*self.provider;
        if self.alone && order.iter().any(|one| is_it(model.target(one.group, one.index))) {
            order.retain(|one| is_it(model.target(one.group, one.index)));
        }
    }

    /// The signatures in `call` are of no use to `target`.
    pub(super) fn is_another(&self, target: &Target) -> bool {
        !self.alone && target.provider.id.as_str() != &*self.provider
    }
}

/// Remembers that `target` made what was `noted` of its answer to `call`.
pub(super) fn remember(registry: &Registry, call: &Call, target: &Target, noted: &Noted, now: Instant) {
    let kept = noted.answer.filter(|_| call.dialect == Dialect::OpenAiResponses);
    for mark in noted.signatures.iter().copied().chain(kept) {
        registry.made().put(mark, target.id.clone(), 0.0, 0, now + REMEMBERED);
    }
}

/// `request` without its signatures: whoever made them is not asked.
pub(super) fn forget(request: &mut Request<'_>) {
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        match part {
            Part::Reasoning(thoughts) => thoughts.signature = None,
            Part::Text(text) => text.signature = None,
            Part::ToolCall(call) => call.signature = None,
            _ => {}
        }
    }
}

fn names(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::OpenAiChat => OF_CHAT,
        Dialect::OpenAiResponses => OF_RESPONSES,
        Dialect::Anthropic => OF_ANTHROPIC,
        Dialect::Gemini => OF_GEMINI,
        Dialect::Bedrock | Dialect::Cohere | Dialect::Ollama => OF_OTHERS,
    }
}

/// The text that the member of that name has where it is said last. A text cannot speak of one: quotes are escaped there.
fn last(body: &[u8], name: &str) -> Option<String> {
    let quoted = format!("\"{name}\"");
    let mut end = body.len();
    while let Some(at) = memmem::rfind(&body[..end], quoted.as_bytes()) {
        let value = body[at + quoted.len()..].trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start);
        if let Some(value) = value.filter(|value| value.starts_with(b"\"")) {
            let mut documents = serde_json::Deserializer::from_slice(value).into_iter::<String>();
            return documents.next()?.ok();
        }
        end = at;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_counts_and_what_a_text_says_does_not() {
        let check =
            |body: &str, expected: Option<&str>| assert_eq!(last(body.as_bytes(), "s").as_deref(), expected, "{body}");
        check(r#"{"s":"one","t":{"s" : "two"}}"#, Some("two"));
        check(r#"{"s":"a\/b\u002b"}"#, Some("a/b+"));
        check(r#"{"s":"one","s":null}"#, Some("one"));
        check(r#"{"t":"\"s\":\"one\""}"#, None);
        check(r#"{"s":"one"#, None);
        check("{}", None);
    }
}
