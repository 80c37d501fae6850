//! A client's request, read.

use serde::Deserialize;
use serde_json::Number;
use serde_json::value::RawValue;

use super::settings_in::{Reasoning, Said, Switch};
use super::tools_in::{self, WireFunction};
use super::turns_in;
use super::wire::CacheControl;
use crate::canonical::{Cache, Dialect, Fault, FaultKind, Foreign, Raw, Request, Str, Tool};
use crate::dialect::codec::Asked;
use crate::dialect::sieve::{Known, Sieved};
use crate::dialect::wire::{List, Members, read_client};

/// What the canonical model has a place for. [`KNOWN`] names the same.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    messages: Option<Vec<&'a RawValue>>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    #[serde(borrow)]
    tools: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    tool_choice: Option<&'a RawValue>,
    parallel_tool_calls: Option<bool>,
    #[serde(borrow)]
    functions: List<WireFunction<'a>>,
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow)]
    response_format: Option<&'a RawValue>,
    #[serde(borrow)]
    verbosity: Option<Str<'a>>,
    #[serde(borrow)]
    reasoning_effort: Option<Str<'a>>,
    #[serde(borrow)]
    reasoning: Option<Reasoning<'a>>,
    #[serde(borrow)]
    thinking: Option<Switch<'a>>,
    enable_thinking: Option<bool>,
    thinking_budget: Option<u64>,
    include_reasoning: Option<bool>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    #[serde(borrow)]
    stop: List<Str<'a>>,
    temperature: Option<Number>,
    top_p: Option<Number>,
    top_k: Option<Number>,
    seed: Option<Number>,
    random_seed: Option<Number>,
    presence_penalty: Option<Number>,
    frequency_penalty: Option<Number>,
    #[serde(borrow)]
    logit_bias: Option<Raw<'a>>,
    logprobs: Option<bool>,
    top_logprobs: Option<u64>,
    n: Option<u64>,
    #[serde(borrow)]
    user: Option<Str<'a>>,
    #[serde(borrow)]
    safety_identifier: Option<Str<'a>>,
    #[serde(borrow)]
    metadata: Option<Raw<'a>>,
    #[serde(borrow)]
    service_tier: Option<Str<'a>>,
    store: Option<bool>,
    #[serde(borrow)]
    prompt_cache_key: Option<Str<'a>>,
    #[serde(borrow)]
    cache_control: Option<CacheControl<'a>>,
}

/// What [`Body`] knows.
const KNOWN: [&str; 38] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "response_format",
    "verbosity",
    "reasoning_effort",
    "reasoning",
    "thinking",
    "enable_thinking",
    "thinking_budget",
    "include_reasoning",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "random_seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "n",
    "user",
    "safety_identifier",
    "metadata",
    "service_tier",
    "store",
    "prompt_cache_key",
    "cache_control",
];

impl Known for Body<'_> {
    const MEMBERS: &'static [&'static str] = &KNOWN;
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// A client's request.
pub(in super::super) fn read_request<'a>(body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
    let Sieved { known: mut wire, others } = read_client::<Sieved<'a, Body<'a>>>(body)?;
    let mut request = Request { others: foreigners(others, &[]), ..Request::default() };
    request.model = asked.model.map(Str::new).or(wire.model.take()).unwrap_or_default();
    request.turns = turns_in::read(wire.messages.take().ok_or_else(|| refused("`messages`: missing".into()))?)?;
    request.stream = wire.stream.unwrap_or(asked.stream);
    let asks = wire.stream_options.as_ref().and_then(|options| options.include_usage);
    request.usage_in_stream = request.stream && asks == Some(true);
    read_tools(&mut wire, &mut request)?;
    if let Some(raw) = wire.response_format {
        request.format = tools_in::format(raw);
        if request.format.is_none() {
            request.others.push(foreign("response_format", raw));
        }
    }
    request.verbosity = wire.verbosity;
    request.reasoning = Said {
        effort: wire.reasoning_effort,
        reasoning: wire.reasoning,
        thinking: wire.thinking,
        enable_thinking: wire.enable_thinking,
        thinking_budget: wire.thinking_budget,
        include_reasoning: wire.include_reasoning,
    }
    .thinking();
    request.max_tokens = wire.max_completion_tokens.or(wire.max_tokens);
    request.stop = wire.stop.0;
    request.temperature = wire.temperature;
    request.top_p = wire.top_p;
    request.top_k = wire.top_k;
    request.seed = wire.seed.or(wire.random_seed);
    request.presence_penalty = wire.presence_penalty;
    request.frequency_penalty = wire.frequency_penalty;
    request.logit_bias = wire.logit_bias.filter(|bias| bias.as_str() != "{}");
    request.logprobs = wire.logprobs;
    request.top_logprobs = wire.top_logprobs;
    request.n = wire.n;
    request.user = wire.user.or(wire.safety_identifier);
    request.metadata = wire.metadata;
    request.service_tier = wire.service_tier;
    request.store = wire.store;
    request.cache_key = wire.prompt_cache_key;
    request.cache = wire.cache_control.map(|CacheControl { ttl }| Cache { ttl });
    Ok(request)
}

fn read_tools<'a>(wire: &mut Body<'a>, request: &mut Request<'a>) -> Result<(), Fault> {
    for (index, raw) in wire.tools.take().unwrap_or_default().into_iter().enumerate() {
        let tool = tools_in::tool(raw).map_err(|error| refused(format!("`tools[{index}]`: {error}")))?;
        request.tools.push(tool);
    }
    let functions = std::mem::take(&mut wire.functions).0;
    request.tools.extend(functions.into_iter().map(|function| Tool::Function(function.function())));
    for (name, raw) in [("tool_choice", wire.tool_choice), ("function_call", wire.function_call)] {
        let Some(raw) = raw else { continue };
        match tools_in::choice(raw) {
            Some(choice) => request.tool_choice = Some(choice),
            None => request.others.push(foreign(name, raw)),
        }
    }
    request.parallel_tools = wire.parallel_tool_calls;
    Ok(())
}

/// The members of a document that are not among `known`; `null` counts as absent.
pub(super) fn others<'a>(body: &'a [u8], known: &[&str]) -> Result<Vec<Foreign<'a>>, Fault> {
    let members: Members<'a> = read_client(body)?;
    Ok(foreigners(members.0, known))
}

fn foreigners<'a>(members: Vec<(Str<'a>, Raw<'a>)>, known: &[&str]) -> Vec<Foreign<'a>> {
    let unknown = members.into_iter().filter(|(name, json)| !known.contains(&name.as_str()) && !json.is_null());
    unknown.map(|(kind, json)| Foreign { dialect: Dialect::OpenAiChat, kind, json }).collect()
}

fn foreign<'a>(kind: &'static str, raw: &'a RawValue) -> Foreign<'a> {
    Foreign { dialect: Dialect::OpenAiChat, kind: kind.into(), json: Raw::from(raw) }
}

fn refused(message: String) -> Fault {
    Fault::new(FaultKind::BadRequest, message)
}
