//! A whole answer, read.

use super::parts::{self, Ids};
use super::{finish, grounding, logprobs, time, usage, wire};
use crate::canonical::{Choice, Dialect, Fault, FaultKind, Foreign, Part, Raw, Reply, StopReason, Str, fnv};
use crate::dialect::error;
use crate::dialect::wire::read_provider;

/// Reads a provider's reply under a 200.
pub(super) fn read<'a>(body: &'a [u8]) -> Result<Reply<'a>, Fault> {
    if body.trim_ascii_start().starts_with(b"[") {
        // An error comes so where a list was to be streamed.
        return Err(error::in_band(body));
    }
    let mut wire: wire::Reply<'a> = read_provider(body)?;
    if wire.error.is_some() {
        return Err(error::in_band(body));
    }
    let mut ids = Ids::new(seed(wire.response_id.as_deref(), body));
    let blocked = wire.prompt_feedback.and_then(finish::blocked);
    let mut reply = Reply {
        created: wire.create_time.as_deref().and_then(time::seconds),
        id: wire.response_id.unwrap_or_default(),
        model: wire.model_version.unwrap_or_default(),
        ..Reply::default()
    };
    let mut tally = usage::Tally::default();
    for candidate in &wire.candidates.0 {
        tally.searched(grounding::searches(candidate.grounding_metadata.as_ref()));
    }
    if let Some(counts) = &mut wire.usage_metadata {
        tally.update(counts);
        reply.service_tier = counts.tier();
    }
    reply.usage = tally.usage();
    for (place, candidate) in wire.candidates.0.into_iter().enumerate() {
        let choice = read_candidate(candidate, place, &mut ids, &mut reply.others);
        reply.choices.push(choice);
    }
    match blocked {
        Some(stop) if reply.choices.is_empty() => reply.choices.push(Choice { stop, ..Choice::default() }),
        _ => {}
    }
    let empty = |choice: &Choice<'_>| choice.parts.is_empty() && finish::is_plain(&choice.stop);
    if reply.choices.iter().all(empty) {
        return Err(Fault::new(FaultKind::Empty, "the provider's answer is empty"));
    }
    Ok(reply)
}

/// What the ids of calls are made from: the answer's name, else all that is known of it.
pub(super) fn seed(id: Option<&str>, document: &[u8]) -> String {
    match id {
        Some(id) if !id.is_empty() => id.to_owned(),
        _ => format!("{:016x}", fnv(document)),
    }
}

fn read_candidate<'a>(
    candidate: wire::Candidate<'a>,
    place: usize,
    ids: &mut Ids,
    others: &mut Vec<Foreign<'a>>,
) -> Choice<'a> {
    let parts = candidate.content.unwrap_or_default().parts.0;
    let mut parts: Vec<Part<'a>> = parts.into_iter().filter_map(|part| parts::read(part, ids)).collect();
    let citations = grounding::read(candidate.grounding_metadata.as_ref(), candidate.citation_metadata.as_ref());
    let last_text = parts.iter_mut().rev().find_map(|part| match part {
        Part::Text(text) => Some(text),
        _ => None,
    });
    if let Some(text) = last_text {
        text.citations = citations;
    }
    let called = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let stop = finish::read(candidate.finish_reason, candidate.finish_message, called).unwrap_or_else(|| {
        let reason = finish::waiting(StopReason::End, called);
        crate::canonical::Stop { reason, ..crate::canonical::Stop::default() }
    });
    let own = [
        ("safetyRatings", candidate.safety_ratings),
        ("citationMetadata", candidate.citation_metadata),
        ("groundingMetadata", candidate.grounding_metadata),
        ("urlContextMetadata", candidate.url_context_metadata),
    ];
    for (name, json) in own {
        if let Some(json) = json.filter(|json: &Raw<'_>| json.as_str() != "{}") {
            let kind = Str::from(format!("candidates.{place}.{name}"));
            others.push(Foreign { dialect: Dialect::Gemini, kind, json });
        }
    }
    Choice { parts, stop, logprobs: candidate.logprobs_result.as_ref().and_then(logprobs::read) }
}
