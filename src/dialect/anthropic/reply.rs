//! Whole replies.

use serde::Serialize;

use super::write::block::{Block, reply_blocks};
use super::{blocks, stop, usage, wire};
use crate::canonical::{Choice, Dialect, Fault, FaultKind, Foreign, Part, Raw, Reply, Stop, StopReason, Str};
use crate::dialect::codec::About;
use crate::dialect::{error, wire::read_provider};

/// Reads a provider's reply.
pub(super) fn read(body: &[u8]) -> Result<Reply<'_>, Fault> {
    if body.trim_ascii().is_empty() {
        return Err(Fault::new(FaultKind::Empty, "the provider's answer is empty"));
    }
    let wire: wire::Reply<'_> = read_provider(body)?;
    if wire.error.is_some_and(|error| error.get() != "null") || wire.kind.as_deref() == Some("error") {
        return Err(error::in_band(body));
    }
    let Some(content) = wire.content else {
        // Gateways have been seen to answer 200 with nothing but a message.
        return Err(match wire.kind {
            None => error::in_band(body),
            Some(_) => Fault::new(FaultKind::Empty, "the provider's answer has no content"),
        });
    };
    if content.is_empty() && wire.stop_reason.is_none() {
        return Err(Fault::new(FaultKind::Empty, "the provider's answer has no content"));
    }
    let parts = blocks::of_blocks(content);
    let stop = match wire.stop_reason {
        Some(reason) => stop::read(reason, wire.stop_sequence, wire.stop_details),
        None => unsaid(&parts),
    };
    let counted = wire.usage.unwrap_or_default();
    let usage = usage::read(&counted);
    let others = [("container", wire.container), ("context_management", wire.context_management)];
    Ok(Reply {
        id: wire.id.unwrap_or_default(),
        model: wire.model.unwrap_or_default(),
        created: None,
        choices: vec![Choice { parts, stop, logprobs: None }],
        usage,
        service_tier: counted.service_tier,
        others: others.into_iter().filter_map(|(kind, json)| other(kind, json?)).collect(),
    })
}

fn other<'a>(kind: &'static str, json: Raw<'a>) -> Option<Foreign<'a>> {
    (!json.is_null()).then(|| Foreign { dialect: Dialect::Anthropic, kind: kind.into(), json })
}

/// Why an answer ended that does not say it.
fn unsaid(parts: &[Part<'_>]) -> Stop<'static> {
    let call = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    Stop { reason: if call { StopReason::ToolCalls } else { StopReason::End }, ..Stop::default() }
}

/// Writes the reply as a client expects it: the first answer, where there are several.
pub(super) fn write(reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
    let nothing = Choice::default();
    let choice = reply.choices.first().unwrap_or(&nothing);
    let (content, held) = reply_blocks(&choice.parts);
    let document = Message {
        id: message_id(&reply.id, about),
        kind: "message",
        role: "assistant",
        model: if reply.model.is_empty() { about.model } else { &reply.model },
        content,
        stop: stop::write(&choice.stop, held),
        usage: usage::write(&reply.usage, reply.service_tier.as_deref()),
        container: reply.others.iter().find(|other| is_container(other)).map(|other| &other.json),
    };
    // Strings, numbers and JSON that was read: writing them cannot fail.
    let mut out = serde_json::to_vec(&document).unwrap_or_default();
    for other in &reply.others {
        if other.dialect == Dialect::Anthropic && other.kind == "context_management" && out.pop().is_some() {
            out.extend_from_slice(b",\"context_management\":");
            out.extend_from_slice(other.json.as_str().as_bytes());
            out.push(b'}');
        }
    }
    out
}

fn is_container(other: &Foreign<'_>) -> bool {
    other.dialect == Dialect::Anthropic && other.kind == "container"
}

/// The provider's name of an answer where it is one of this dialect, else one made for the call.
pub(super) fn message_id<'a>(id: &'a str, about: &About<'_>) -> Str<'a> {
    if id.starts_with("msg_") { Str::new(id) } else { format!("msg_{}", about.id).into() }
}

#[derive(Serialize)]
struct Message<'a> {
    id: Str<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block<'a>>,
    #[serde(flatten)]
    stop: stop::Written<'a>,
    usage: usage::Written<'a>,
    container: Option<&'a Raw<'a>>,
}
