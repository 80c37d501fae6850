//! A provider's reply.

use serde_json::value::RawValue;

use super::super::content::{citation, part_of, thoughts};
use super::super::request::call_of;
use super::super::wire::{Item, Piece, Response, Shape, lenient};
use super::super::{OWN, carried, logprobs, usage};
use crate::canonical::{Choice, Fault, FaultKind, Foreign, Part, Raw, Reasoning, Reply, Stop, StopReason};
use crate::dialect::error;
use crate::dialect::wire::read_provider;

/// Reads a reply.
pub(in super::super) fn read(body: &[u8]) -> Result<Reply<'_>, Fault> {
    let response: Response<'_> = match read_provider(body) {
        Ok(response) => response,
        // An error in a shape of its own is still an error rather than nonsense.
        Err(_) if serde_json::from_slice::<Failed<'_>>(body).is_ok_and(|failed| failed.error.is_some()) => {
            return Err(error::in_band(body));
        }
        Err(fault) => return Err(fault),
    };
    let status = response.status.as_deref().unwrap_or("completed");
    match (response.error, status, &response.output) {
        (Some(_), _, _) | (None, "failed" | "cancelled", _) | (None, _, None) => return Err(error::in_band(body)),
        (None, "queued" | "in_progress", Some(_)) => {
            return Err(Fault::new(FaultKind::Malformed, "the provider only says that its answer will come later"));
        }
        _ => {}
    }
    let mut choice = Choice::default();
    let mut lists = Vec::new();
    for (index, item) in (0..).zip(response.output.iter().flatten()) {
        parts_of(item, index, &mut choice.parts, &mut lists);
    }
    choice.logprobs = logprobs::read(&lists);
    choice.stop = stop_of(&response, reason_in(&choice.parts));
    if choice.parts.is_empty() && choice.stop.reason == StopReason::End {
        return Err(Fault::new(FaultKind::Empty, "the provider's answer has nothing in it"));
    }
    Ok(Reply {
        id: response.id.unwrap_or_default(),
        model: response.model.unwrap_or_default(),
        created: usage::count(response.created_at),
        choices: vec![choice],
        usage: usage::of(response.usage, response.output.as_deref().unwrap_or_default()),
        service_tier: response.service_tier,
        others: Vec::new(),
    })
}

#[derive(serde::Deserialize)]
struct Failed<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// What a complete response ended with: the dialect has no word for it.
pub(in super::super) fn reason_in(parts: &[Part<'_>]) -> StopReason {
    if parts.iter().any(|part| matches!(part, Part::ToolCall(_))) {
        StopReason::ToolCalls
    } else if parts.iter().any(|part| matches!(part, Part::Refusal(_))) {
        StopReason::Filtered
    } else {
        StopReason::End
    }
}

/// Why a response ended that did not fail; `complete` where it ended well.
pub(in super::super) fn stop_of<'a>(response: &Response<'a>, complete: StopReason) -> Stop<'a> {
    let status = response.status.clone().unwrap_or_else(|| "completed".into());
    if status != "incomplete" {
        return Stop { native: Some(status), ..Stop::new(complete, "") };
    }
    let why = response.incomplete_details.as_ref().and_then(|details| details.reason.clone());
    let reason = match why.as_deref() {
        Some("content_filter") => StopReason::Filtered,
        _ => StopReason::Length,
    };
    Stop { native: why.or(Some(status)), ..Stop::new(reason, "") }
}

/// Adds what an item of a reply is, and the lists of log probabilities in it.
pub(in super::super) fn parts_of<'a>(
    raw: &'a RawValue,
    index: usize,
    parts: &mut Vec<Part<'a>>,
    lists: &mut Vec<&'a RawValue>,
) {
    let item: Item<'_> = lenient(raw);
    match item.kind.as_deref().unwrap_or_default() {
        "message" => match item.content.map(Shape::of) {
            Some(Shape::List(pieces)) => pieces.into_iter().for_each(|piece| message_part(piece, parts, lists)),
            Some(Shape::Text(text)) => parts.push(Part::text(text)),
            _ => {}
        },
        "reasoning" => {
            let (text, summary) = thoughts(item.content, item.summary);
            let reasoning = Reasoning { text, summary, id: item.id, ..Reasoning::default() };
            carried::add(parts, reasoning, item.encrypted_content);
        }
        "function_call" | "custom_tool_call" if !hosted(&item) => parts.push(Part::ToolCall(call_of(item, index))),
        kind => {
            let kind = kind.to_owned().into();
            parts.push(Part::Foreign(Foreign { dialect: OWN, kind, json: Raw::from(raw) }));
        }
    }
}

fn message_part<'a>(raw: &'a RawValue, parts: &mut Vec<Part<'a>>, lists: &mut Vec<&'a RawValue>) {
    let mut piece: Piece<'_> = lenient(raw);
    lists.extend(piece.logprobs);
    let citations = piece.annotations.take().unwrap_or_default().into_iter().map(citation).collect();
    match part_of(raw, piece) {
        Part::Text(text) if text.text.is_empty() => {}
        Part::Text(mut text) => {
            text.citations = citations;
            parts.push(Part::Text(text));
        }
        part => parts.push(part),
    }
}

/// xAI lists searches of its own as calls of custom tools. They are no tools of the client's.
pub(in super::super) fn hosted(item: &Item<'_>) -> bool {
    item.call_id.as_ref().is_some_and(|id| id.starts_with("xs_call"))
}
