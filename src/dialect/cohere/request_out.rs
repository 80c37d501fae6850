//! A request, written.

use serde::Serialize;
use serde_json::Number;

use super::message_out::MessageOut;
use super::tools_out::{self, FormatOut};
use super::turns_out::{self, Source};
use crate::canonical::{Dialect, Fault, Foreign, Lost, Raw, Request, Str, Thinking};
use crate::dialect::codec::Target;
use crate::dialect::flat;
use crate::dialect::functions::ToolOut;

#[derive(Serialize)]
struct Body<'r> {
    model: &'r str,
    messages: Vec<MessageOut<'r>>,
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolOut<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict_tools: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<Source<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<FormatOut<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<ThinkingOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<&'r Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
}

#[derive(Serialize)]
struct ThinkingOut {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_budget: Option<u64>,
}

/// Cohere takes no more texts to stop at.
const MOST_STOPS: usize = 5;

/// The request as Cohere wants it.
pub(super) fn write_request(request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    let own = |name: &str| request.others.iter().find(|other| other.dialect == Dialect::Cohere && other.kind == *name);
    let given: Vec<Raw<'_>> = own("documents").and_then(|given| given.json.read().ok()).unwrap_or_default();
    let tools = tools_out::write(request, lost);
    let turns_out::Written { mut messages, documents: made } = turns_out::write(request, lost)?;
    let documents: Vec<_> = given.iter().map(Source::Given).chain(made).collect();
    let beside_sources = !tools.tools.is_empty() || !documents.is_empty();
    let (response_format, words) =
        request.format.as_ref().map(|format| tools_out::format(format, beside_sources, lost)).unwrap_or_default();
    if let Some(words) = words {
        messages.insert(0, MessageOut::new("system", super::message_out::Contents::Text(words.into())));
    }
    flat::lose(request, is_own, lost);
    lost.add_if(request.seed.as_ref().is_some_and(|seed| !seed.is_u64()), "seed");
    lost.add_if(request.top_logprobs.is_some_and(|count| count > 0), "top_logprobs");
    let body = Body {
        model: target.model,
        messages,
        stream: request.stream,
        tools: tools.tools,
        tool_choice: tools.choice,
        strict_tools: tools.strict,
        documents,
        response_format,
        thinking: thinking(&request.reasoning),
        max_tokens: request.max_tokens,
        stop_sequences: stops(&request.stop, lost),
        temperature: within(&request.temperature, 0.0, 1.0, "temperature", lost),
        p: top_p(&request.top_p, lost),
        k: within(&request.top_k, 0.0, 500.0, "top_k", lost),
        seed: request.seed.as_ref().filter(|seed| seed.is_u64()),
        presence_penalty: within(&request.presence_penalty, 0.0, 1.0, "presence_penalty", lost),
        frequency_penalty: within(&request.frequency_penalty, 0.0, 1.0, "frequency_penalty", lost),
        logprobs: request.logprobs.filter(|wanted| *wanted),
    };
    // Strings, numbers and JSON alone: writing them cannot fail.
    let mut out = serde_json::to_vec(&body).unwrap_or_default();
    flat::append(&mut out, request.others.iter().filter(|other| is_own(other) && other.kind != "documents"));
    Ok(out)
}

fn is_own(other: &Foreign<'_>) -> bool {
    other.dialect == Dialect::Cohere
}

fn thinking(thinking: &Thinking<'_>) -> Option<ThinkingOut> {
    if thinking.off {
        return Some(ThinkingOut { kind: "disabled", token_budget: None });
    }
    thinking.is_on().then(|| ThinkingOut { kind: "enabled", token_budget: thinking.as_budget() })
}

fn stops<'r>(stops: &'r [Str<'_>], lost: &mut Lost) -> Vec<&'r str> {
    let mut kept: Vec<&str> = Vec::new();
    for stop in stops.iter().filter(|stop| !stop.is_empty()) {
        if kept.contains(&&**stop) {
            continue;
        }
        if kept.len() == MOST_STOPS {
            lost.add("stop");
            break;
        }
        kept.push(stop);
    }
    kept
}

/// Cohere's range is open at both ends. Its upper end stands for 1, which is what clients send who mean "all".
fn top_p(number: &Option<Number>, lost: &mut Lost) -> Option<Number> {
    let value = number.as_ref()?.as_f64()?;
    if value > 0.99 && value <= 1.0 {
        return Number::from_f64(0.99);
    }
    within(number, 0.01, 0.99, "top_p", lost)
}

/// A number as it was, or the nearest that Cohere takes.
fn within(number: &Option<Number>, least: f64, most: f64, name: &'static str, lost: &mut Lost) -> Option<Number> {
    let number = number.as_ref()?;
    let value = number.as_f64()?;
    let fitting = value.clamp(least, most);
    if fitting == value {
        return Some(number.clone());
    }
    lost.add(name);
    // A whole number stays one, for `k`.
    if fitting.fract() == 0.0 { Some((fitting as i64).into()) } else { Number::from_f64(fitting) }
}
