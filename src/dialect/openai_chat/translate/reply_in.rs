//! A provider's whole reply, read.

use serde::Deserialize;
use serde_json::Number;
use serde_json::value::RawValue;

use super::loose::Words;
use super::message_in;
use super::request_in::others;
use super::stop::{Ended, holds};
use super::think_tags;
use super::wire::Message;
use crate::canonical::{Choice, Fault, FaultKind, Raw, Reply, Usage};
use crate::dialect::openai_chat::reply::says_something;
use crate::dialect::openai_chat::usage;
use crate::dialect::{error, wire::read_provider};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow)]
    id: Words<'a>,
    #[serde(borrow)]
    object: Words<'a>,
    #[serde(borrow)]
    model: Words<'a>,
    created: Option<Number>,
    #[serde(borrow)]
    choices: Option<Vec<WireChoice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    x_groq: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Words<'a>,
}

const KNOWN: [&str; 9] = ["id", "object", "model", "created", "choices", "usage", "x_groq", "error", "service_tier"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireChoice<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    logprobs: Option<Raw<'a>>,
    #[serde(borrow)]
    finish_reason: Words<'a>,
    #[serde(borrow)]
    native_finish_reason: Words<'a>,
    #[serde(borrow)]
    stop_reason: Words<'a>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// A provider's whole reply under a 200: an answer, or the error that it really is.
pub(in super::super) fn read_reply<'a>(body: &'a [u8]) -> Result<Reply<'a>, Fault> {
    if body.trim_ascii().is_empty() {
        return Err(Fault::new(FaultKind::Empty, "the provider's answer is empty"));
    }
    let wire: Wire<'a> = read_provider(body)?;
    if says(wire.error) || wire.object.as_str() == "error" {
        return Err(error::in_band(body));
    }
    let mut choices = wire.choices.unwrap_or_default();
    if choices.iter().all(|choice| choice.message.is_none() && choice.finish_reason.is_empty()) {
        return Err(Fault::new(FaultKind::Empty, "the provider's answer has no choices"));
    }
    choices.sort_by_key(|choice| choice.index);
    let id = wire.id.given().unwrap_or_default();
    let choices = choices.into_iter().map(|wire| choice(wire, &id)).collect::<Result<_, _>>()?;
    Ok(Reply {
        model: wire.model.given().unwrap_or_default(),
        created: wire.created.as_ref().and_then(seconds),
        choices,
        usage: usage_of(wire.usage, wire.x_groq).unwrap_or_default(),
        service_tier: wire.service_tier.given(),
        others: others(body, &KNOWN).unwrap_or_default(),
        id,
    })
}

fn choice<'a>(wire: WireChoice<'a>, answer: &str) -> Result<Choice<'a>, Fault> {
    if let Some(fault) = broken_off(wire.finish_reason.as_str(), wire.error) {
        return Err(fault);
    }
    let mut parts = message_in::parts(wire.message.unwrap_or_default(), answer);
    think_tags::split_whole(&mut parts);
    let (calls, refused) = holds(&parts);
    let (finish, native) = (wire.finish_reason.given(), wire.native_finish_reason.given());
    let stop = Ended { finish, native, met: wire.stop_reason.given() }.stop(calls, refused);
    Ok(Choice { parts, stop, logprobs: wire.logprobs.filter(Raw::is_object) })
}

/// The tokens, wherever they stand.
pub(super) fn usage_of(own: Option<&RawValue>, groq: Option<&RawValue>) -> Option<Usage> {
    let own = own.and_then(|raw| usage::read(raw.get().as_bytes()));
    own.or_else(|| usage::read_groq(groq?.get().as_bytes()))
}

/// Some servers tell the time in fractions.
pub(super) fn seconds(created: &Number) -> Option<u64> {
    created.as_u64().or_else(|| created.as_f64().filter(|time| *time >= 0.0).map(|time| time as u64))
}

/// A member is there and says something.
pub(super) fn says(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| says_something(raw.get().as_bytes()))
}

/// Whether a choice that ended so was broken off, and by what.
pub(super) fn broken_off(finish: &str, said: Option<&RawValue>) -> Option<Fault> {
    (finish == "error").then(|| error::broken_off(said.map(|said| said.get().as_bytes())))
}
