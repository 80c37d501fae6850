//! A whole answer.

use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::blocks::{Block, Own, ReasoningBlock};
use super::content::{OF_THE_LAST, model_parts};
use super::media::Names;
use super::{DIALECT, stop, usage, wire};
use crate::canonical::{
    Choice, Fault, FaultKind, Foreign, Part, Raw, Reply, Signature, StopReason, Str, fitting_id, made_up_id,
};
use crate::dialect::error;
use crate::dialect::wire::{List, read_provider};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    output: Option<Output<'a>>,
    #[serde(borrow)]
    stop_reason: Option<Str<'a>>,
    #[serde(borrow, default)]
    usage: Option<wire::Usage<'a>>,
    #[serde(borrow)]
    metrics: Option<&'a RawValue>,
    #[serde(borrow)]
    additional_model_response_fields: Option<&'a RawValue>,
    #[serde(borrow)]
    trace: Option<&'a RawValue>,
    #[serde(borrow)]
    performance_config: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<wire::ServiceTier<'a>>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Option<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: List<wire::Block<'a>>,
}

/// Reads it. What comes without an output is an error, whatever its status.
pub(super) fn read(body: &[u8]) -> Result<Reply<'_>, Fault> {
    let wire: Wire<'_> = read_provider(body)?;
    let Some(message) = wire.output.and_then(|output| output.message) else {
        return Err(if wire.stop_reason.is_none() && wire.usage.is_none() { error::in_band(body) } else { empty() });
    };
    let mut parts = model_parts(message.content.0);
    name_calls(&mut parts, body);
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let stop = stop::read(wire.stop_reason.unwrap_or_default(), wire.additional_model_response_fields, calls);
    if parts.is_empty() && stop.reason == StopReason::End {
        return Err(empty());
    }
    let others = [
        ("metrics", wire.metrics),
        ("trace", wire.trace),
        ("performanceConfig", wire.performance_config),
        ("additionalModelResponseFields", wire.additional_model_response_fields),
    ];
    let others = others.into_iter().filter_map(|(kind, json)| {
        Some(Foreign { dialect: DIALECT, kind: kind.into(), json: json.filter(|json| json.get() != "null")?.into() })
    });
    Ok(Reply {
        choices: vec![Choice { parts, stop, logprobs: None }],
        usage: wire.usage.as_ref().map(usage::read).unwrap_or_default(),
        service_tier: wire.service_tier.and_then(|tier| tier.kind),
        others: others.collect(),
        ..Reply::default()
    })
}

fn empty() -> Fault {
    Fault::new(FaultKind::Empty, "the provider's answer has nothing in it")
}

fn name_calls(parts: &mut [Part<'_>], body: &[u8]) {
    let calls = parts.iter_mut().filter_map(|part| match part {
        Part::ToolCall(call) if call.id.is_empty() => Some(call),
        _ => None,
    });
    for (index, call) in calls.enumerate() {
        // The answer has no name: what it says stands for it.
        call.id = made_up_id(&String::from_utf8_lossy(body), index).into();
    }
}

/// An answer as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'r> {
    output: WrittenOutput<'r>,
    stop_reason: &'static str,
    usage: usage::Written,
    #[serde(flatten)]
    others: Others<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<WrittenTier<'r>>,
}

#[derive(Serialize)]
struct WrittenOutput<'r> {
    message: WrittenMessage<'r>,
}

#[derive(Serialize)]
struct WrittenMessage<'r> {
    role: &'static str,
    content: Vec<Block<'r>>,
}

#[derive(Serialize)]
struct WrittenTier<'r> {
    #[serde(rename = "type")]
    kind: &'r str,
}

/// Members of this dialect, and the two that are made for every answer.
struct Others<'r> {
    own: Vec<&'r Foreign<'r>>,
    sequence: Option<&'r str>,
}

impl Serialize for Others<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let has = |name: &str| self.own.iter().any(|foreign| foreign.kind == name);
        let own = self.own.iter().map(|foreign| (foreign.kind.as_str(), foreign.json.borrowed()));
        // Required; how long the model took, nobody told us.
        let metrics = Raw::parse(r#"{"latencyMs":0}"#).filter(|_| !has("metrics"));
        let sequence = self.sequence.filter(|_| !has("additionalModelResponseFields"));
        let sequence = sequence.and_then(|text| Raw::write(&serde_json::json!({ "stop_sequence": text })));
        let made = metrics.map(|metrics| ("metrics", metrics)).into_iter();
        let made = made.chain(sequence.map(|sequence| ("additionalModelResponseFields", sequence)));
        serializer.collect_map(own.chain(made))
    }
}

/// Writes it: the first answer, where there are several.
pub(super) fn write(reply: &Reply<'_>) -> Vec<u8> {
    let none = Choice::default();
    let choice = reply.choices.first().unwrap_or(&none);
    let own = reply.others.iter().filter(|foreign| foreign.dialect == DIALECT).collect();
    let written = Written {
        output: WrittenOutput { message: WrittenMessage { role: "assistant", content: blocks(&choice.parts) } },
        stop_reason: stop::write(&choice.stop),
        usage: usage::write(&reply.usage),
        others: Others { own, sequence: choice.stop.sequence.as_deref() },
        service_tier: reply.service_tier.as_deref().map(|kind| WrittenTier { kind: tier(kind) }),
    };
    serde_json::to_vec(&written).unwrap_or_default() // strings and numbers: cannot fail
}

/// Other vendors have other words for theirs.
fn tier(tier: &str) -> &str {
    match tier {
        "flex" | "priority" | "reserved" => tier,
        _ => "default",
    }
}

fn blocks<'r>(parts: &'r [Part<'_>]) -> Vec<Block<'r>> {
    let mut blocks = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::Text(text) => {
                if !text.text.is_empty() {
                    blocks.push(Block::text(text, true));
                }
                blocks.extend(text.signature.as_ref().map(of_the_last));
            }
            Part::Refusal(text) => blocks.push(Block::Text(text.borrowed())),
            Part::Reasoning(reasoning) => blocks.push(Block::reasoning(reasoning)),
            Part::ToolCall(call) => {
                blocks.push(Block::tool_use(call, fitting_id(&call.id, super::names::LONGEST), call.name.borrowed()));
                blocks.extend(call.signature.as_ref().map(of_the_last));
            }
            Part::Media(media) => blocks.extend(Block::media(media, &mut Names::new()).ok()),
            Part::Foreign(foreign) if foreign.dialect == DIALECT => blocks.push(Block::Own(Own(foreign))),
            Part::Foreign(_) | Part::ToolResult(_) => {}
        }
    }
    blocks
}

/// The signature of the part before, as a block of its own.
fn of_the_last<'r>(signature: &'r Signature<'_>) -> Block<'r> {
    let value = format!("{OF_THE_LAST}{}", signature.tagged(DIALECT));
    Block::ReasoningContent(ReasoningBlock::ReasoningText { text: Str::default(), signature: Some(value.into()) })
}
