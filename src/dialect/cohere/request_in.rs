//! A client's request, read.

use serde::Deserialize;
use serde_json::Number;
use serde_json::value::RawValue;

use super::content;
use super::wire::Message;
use crate::canonical::{
    Dialect, Fault, FaultKind, Foreign, Format, Part, Raw, Request, Role, Str, Thinking, Tool, ToolChoice, Turn,
};
use crate::dialect::codec::Asked;
use crate::dialect::functions;
use crate::dialect::wire::{List, Members, read_client};

/// What the canonical model has a place for. [`KNOWN`] names the same.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    messages: Option<Vec<Message<'a>>>,
    stream: Option<bool>,
    #[serde(borrow)]
    tools: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    tool_choice: Option<Str<'a>>,
    strict_tools: Option<bool>,
    #[serde(borrow)]
    response_format: Option<WireFormat<'a>>,
    #[serde(borrow)]
    thinking: Option<WireThinking<'a>>,
    max_tokens: Option<u64>,
    #[serde(borrow)]
    stop_sequences: List<Str<'a>>,
    temperature: Option<Number>,
    p: Option<Number>,
    k: Option<Number>,
    seed: Option<Number>,
    presence_penalty: Option<Number>,
    frequency_penalty: Option<Number>,
    logprobs: Option<bool>,
}

const KNOWN: [&str; 17] = [
    "model",
    "messages",
    "stream",
    "tools",
    "tool_choice",
    "strict_tools",
    "response_format",
    "thinking",
    "max_tokens",
    "stop_sequences",
    "temperature",
    "p",
    "k",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireFormat<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    json_schema: Option<Raw<'a>>,
    /// The name that version 1 had for it, which version 2 takes too.
    #[serde(borrow)]
    schema: Option<Raw<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireThinking<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    token_budget: Option<u64>,
}

/// A client's request.
pub(super) fn read_request<'a>(body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
    let wire: Body<'a> = read_client(body)?;
    let stream = wire.stream.unwrap_or(asked.stream);
    let tool = |(at, raw)| tool(raw, wire.strict_tools).map_err(|error| refused(format!("`tools[{at}]`: {error}")));
    Ok(Request {
        model: asked.model.map(Str::new).or(wire.model).unwrap_or_default(),
        stream,
        // Cohere's streams always end with it.
        usage_in_stream: stream,
        turns: turns(wire.messages.ok_or_else(|| refused("`messages`: missing".into()))?)?,
        tools: wire.tools.unwrap_or_default().into_iter().enumerate().map(tool).collect::<Result<_, _>>()?,
        tool_choice: wire.tool_choice.map(|word| choice(&word)).transpose()?,
        format: wire.response_format.map(format).transpose()?,
        reasoning: wire.thinking.map(thinking).transpose()?.unwrap_or_default(),
        max_tokens: wire.max_tokens,
        stop: wire.stop_sequences.0,
        temperature: wire.temperature,
        top_p: wire.p,
        top_k: wire.k,
        seed: wire.seed,
        presence_penalty: wire.presence_penalty,
        frequency_penalty: wire.frequency_penalty,
        logprobs: wire.logprobs,
        others: others(body)?,
        ..Request::default()
    })
}

fn turns(messages: Vec<Message<'_>>) -> Result<Vec<Turn<'_>>, Fault> {
    let mut turns: Vec<Turn<'_>> = Vec::with_capacity(messages.len());
    // Results of tools are one turn, however many messages they came in.
    let mut results = false;
    for (at, mut message) in messages.into_iter().enumerate() {
        let word = message.role.take().unwrap_or_default();
        let wrong = |wrong| refused(format!("`messages[{at}].{wrong}"));
        let (role, parts) = match word.to_ascii_lowercase().as_str() {
            "system" => (Role::System, content::parts(message.content).map_err(wrong)?),
            "developer" => (Role::Developer, content::parts(message.content).map_err(wrong)?),
            "user" => (Role::User, content::parts(message.content).map_err(wrong)?),
            "assistant" | "chatbot" => {
                (Role::Assistant, content::spoken(message, &format!("message {at}")).map_err(wrong)?)
            }
            "tool" => {
                let missing = || refused(format!("`messages[{at}].tool_call_id`: missing"));
                let id = message.tool_call_id.filter(|id| !id.is_empty()).ok_or_else(missing)?;
                let result = Part::ToolResult(content::result(id, message.content).map_err(wrong)?);
                match turns.last_mut() {
                    Some(turn) if results => turn.parts.push(result),
                    _ => turns.push(Turn { role: Role::User, parts: vec![result], name: None }),
                }
                results = true;
                continue;
            }
            _ => return Err(refused(format!("`messages[{at}].role`: unknown role `{word}`"))),
        };
        results = false;
        turns.push(Turn { role, parts, name: None });
    }
    Ok(turns)
}

/// One switch is for all of them.
fn tool(raw: &RawValue, strict: Option<bool>) -> serde_json::Result<Tool<'_>> {
    let mut tool = functions::read(raw, Dialect::Cohere)?;
    if let Tool::Function(function) = &mut tool {
        function.strict = strict.filter(|strict| *strict);
    }
    Ok(tool)
}

fn choice(word: &str) -> Result<ToolChoice<'static>, Fault> {
    match word.to_ascii_uppercase().as_str() {
        "REQUIRED" => Ok(ToolChoice::Required),
        "NONE" => Ok(ToolChoice::None),
        "AUTO" => Ok(ToolChoice::Auto),
        _ => Err(refused(format!("`tool_choice`: expected REQUIRED or NONE, but got `{word}`"))),
    }
}

fn format(wire: WireFormat<'_>) -> Result<Format<'_>, Fault> {
    match wire.kind.as_deref() {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(match wire.json_schema.or(wire.schema) {
            Some(schema) => Format::JsonSchema { name: None, description: None, schema, strict: None },
            None => Format::JsonObject,
        }),
        kind => {
            let kind = kind.unwrap_or_default();
            Err(refused(format!("`response_format.type`: expected text or json_object, but got `{kind}`")))
        }
    }
}

fn thinking(wire: WireThinking<'_>) -> Result<Thinking<'static>, Fault> {
    let budget = wire.token_budget;
    match wire.kind.as_deref() {
        Some("disabled") => Ok(Thinking { off: true, ..Thinking::default() }),
        Some("enabled") | None => Ok(Thinking { budget, adaptive: budget.is_none(), ..Thinking::default() }),
        Some(kind) => Err(refused(format!("`thinking.type`: expected enabled or disabled, but got `{kind}`"))),
    }
}

/// The members that only Cohere knows; `null` counts as absent.
fn others(body: &[u8]) -> Result<Vec<Foreign<'_>>, Fault> {
    let members: Members<'_> = read_client(body)?;
    let unknown = members.0.into_iter().filter(|(name, json)| !KNOWN.contains(&name.as_str()) && !json.is_null());
    Ok(unknown.map(|(kind, json)| Foreign { dialect: Dialect::Cohere, kind, json }).collect())
}

fn refused(message: String) -> Fault {
    Fault::new(FaultKind::BadRequest, message)
}
