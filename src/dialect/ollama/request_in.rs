//! A client's request, read.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::messages_in;
use super::options;
use super::wire::Message;
use crate::canonical::{Dialect, Fault, FaultKind, Foreign, Format, Raw, Request, Role, Str, Thinking, Turn};
use crate::dialect::codec::Asked;
use crate::dialect::functions;
use crate::dialect::wire::{Members, read_client};

/// What the canonical model has a place for. [`KNOWN`] names the same.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    messages: Option<Vec<Message<'a>>>,
    #[serde(borrow)]
    prompt: Option<Str<'a>>,
    #[serde(borrow)]
    system: Option<Str<'a>>,
    #[serde(borrow)]
    images: Option<Vec<Str<'a>>>,
    stream: Option<bool>,
    #[serde(borrow)]
    tools: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    format: Option<&'a RawValue>,
    #[serde(borrow)]
    options: Option<&'a RawValue>,
    #[serde(borrow)]
    think: Option<&'a RawValue>,
    logprobs: Option<bool>,
    top_logprobs: Option<u64>,
}

const KNOWN: [&str; 12] = [
    "model",
    "messages",
    "prompt",
    "system",
    "images",
    "stream",
    "tools",
    "format",
    "options",
    "think",
    "logprobs",
    "top_logprobs",
];

/// What clients send who mean nothing by it.
const NOTHING: [&str; 5] = ["null", "\"\"", "[]", "{}", "false"];

/// A client's request, of either form.
pub(super) fn read_request<'a>(body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
    let mut wire: Body<'a> = read_client(body)?;
    let stream = wire.stream.unwrap_or(true);
    let tool =
        |(at, raw)| functions::read(raw, Dialect::Ollama).map_err(|error| refused(format!("`tools[{at}]`: {error}")));
    let mut request = Request {
        model: asked.model.map(Str::new).or(wire.model.take()).unwrap_or_default(),
        stream,
        // The last line always has it.
        usage_in_stream: stream,
        tools: wire.tools.take().unwrap_or_default().into_iter().enumerate().map(tool).collect::<Result<_, _>>()?,
        format: wire.format.map(format).transpose()?.flatten(),
        reasoning: wire.think.map(thinking).transpose()?.unwrap_or_default(),
        logprobs: wire.logprobs,
        top_logprobs: wire.top_logprobs,
        others: others(body)?,
        ..Request::default()
    };
    if let Some(options) = wire.options {
        options::read(options, &mut request)?;
    }
    request.turns = match wire.messages.take() {
        Some(messages) => messages_in::turns(messages)?,
        None if wire.prompt.is_some() => prompt(wire),
        None => return Err(refused("`messages`: missing".into())),
    };
    Ok(request)
}

/// The turns of `/api/generate`.
fn prompt(wire: Body<'_>) -> Vec<Turn<'_>> {
    let message = |content, images| Message { content, images, ..Message::default() };
    let system = messages_in::parts(message(wire.system, None), "");
    let user = messages_in::parts(message(wire.prompt, wire.images), "");
    let turns = [(Role::System, system), (Role::User, user)].into_iter().filter(|(_, parts)| !parts.is_empty());
    turns.map(|(role, parts)| Turn { role, parts, name: None }).collect()
}

fn format(raw: &RawValue) -> Result<Option<Format<'_>>, Fault> {
    match raw.get() {
        nothing if NOTHING.contains(&nothing) => Ok(None),
        "\"json\"" => Ok(Some(Format::JsonObject)),
        schema if schema.starts_with('{') => {
            Ok(Some(Format::JsonSchema { name: None, description: None, schema: Raw::from(raw), strict: None }))
        }
        _ => Err(refused("`format`: expected \"json\" or a JSON schema".into())),
    }
}

fn thinking(raw: &RawValue) -> Result<Thinking<'_>, Fault> {
    match raw.get() {
        "true" => Ok(Thinking { adaptive: true, ..Thinking::default() }),
        "false" => Ok(Thinking { off: true, ..Thinking::default() }),
        "null" | "\"\"" => Ok(Thinking::default()),
        word => match serde_json::from_str::<Str<'_>>(word) {
            Ok(word) => Ok(Thinking { effort: Some(word), ..Thinking::default() }),
            Err(_) => Err(refused("`think`: expected a boolean or a level".into())),
        },
    }
}

/// The members that only Ollama knows.
fn others(body: &[u8]) -> Result<Vec<Foreign<'_>>, Fault> {
    let members: Members<'_> = read_client(body)?;
    let says = |json: &Raw<'_>| !NOTHING.contains(&json.as_str());
    let unknown = members.0.into_iter().filter(|(name, json)| !KNOWN.contains(&name.as_str()) && says(json));
    Ok(unknown.map(|(kind, json)| Foreign { dialect: Dialect::Ollama, kind, json }).collect())
}

fn refused(message: String) -> Fault {
    Fault::new(FaultKind::BadRequest, message)
}
