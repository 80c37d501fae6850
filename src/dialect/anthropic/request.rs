//! A client's request, read.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{blocks, wire};
use crate::canonical::{
    Cache, Dialect, Fault, FaultKind, Foreign, Format, Function, Part, Raw, Request, Role, Str, Thinking, Tool,
    ToolChoice, Turn,
};
use crate::dialect::codec::Asked;
use crate::dialect::wire::{Members, read_client};

/// Reads a request. `max_tokens` is not insisted on, so that a request to count tokens is one too.
pub(super) fn read<'a>(body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
    let Body { mut request, system, messages, tool_choice } = read_client(body)?;
    if let Some(model) = asked.model {
        request.model = model.into();
    }
    if request.model.is_empty() {
        return Err(wrong("`model`: missing"));
    }
    request.stream |= asked.stream;
    request.usage_in_stream = true; // this dialect always has it
    request.turns = turns(system, messages)?;
    if let Some(choice) = tool_choice {
        request.parallel_tools = choice.disable_parallel_tool_use.map(|disabled| !disabled);
        request.tool_choice = Some(match (choice.kind.as_str(), choice.name) {
            ("auto", _) => ToolChoice::Auto,
            ("any", _) => ToolChoice::Required,
            ("none", _) => ToolChoice::None,
            ("tool", Some(name)) => ToolChoice::Named(name),
            ("tool", None) => return Err(wrong("`tool_choice.name`: missing")),
            (other, _) => return Err(wrong(format!("`tool_choice.type`: `{other}` is not known"))),
        });
    }
    Ok(request)
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(FaultKind::BadRequest, message)
}

fn turns<'a>(system: wire::Blocks<'a>, messages: Option<Vec<wire::Message<'a>>>) -> Result<Vec<Turn<'a>>, Fault> {
    let messages = messages.ok_or_else(|| wrong("`messages`: missing"))?;
    let mut turns = Vec::with_capacity(messages.len() + 1);
    let system: Vec<_> = blocks::parts(system).into_iter().map(without_billing).collect();
    if !system.is_empty() {
        turns.push(Turn { role: Role::System, parts: system, name: None });
    }
    for (index, message) in messages.into_iter().enumerate() {
        let role = match message.role.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            other => return Err(wrong(format!("`messages[{index}].role`: `{other}` is not known"))),
        };
        turns.push(Turn { role, parts: blocks::parts(message.content), name: None });
    }
    Ok(turns)
}

/// Claude Code begins its system prompt with a line for Anthropic's accounting, another one for each call. It is no
/// instruction, and no cache of any other provider would outlive it.
fn without_billing(part: Part<'_>) -> Part<'_> {
    #[derive(Serialize)]
    struct Block<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        text: &'a str,
    }
    match part {
        Part::Text(text) if text.text.starts_with("x-anthropic-billing-header:") => {
            match Raw::write(&Block { kind: "text", text: &text.text }) {
                Some(json) => {
                    Part::Foreign(Foreign { dialect: Dialect::Anthropic, kind: "system.billing_header".into(), json })
                }
                None => Part::Text(text),
            }
        }
        part => part,
    }
}

/// The document, as far as each member can be read by itself.
#[derive(Default)]
struct Body<'a> {
    request: Request<'a>,
    system: wire::Blocks<'a>,
    messages: Option<Vec<wire::Message<'a>>>,
    tool_choice: Option<wire::ToolChoice<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Body<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Body<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body<'de>, A::Error> {
                let mut body = Body::default();
                while let Some(name) = map.next_key::<Str<'de>>()? {
                    body.member(name, &mut map)?;
                }
                Ok(body)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'a> Body<'a> {
    /// Reads one member. `null` counts as absent.
    fn member<A: MapAccess<'a>>(&mut self, name: Str<'a>, map: &mut A) -> Result<(), A::Error> {
        let request = &mut self.request;
        match name.as_str() {
            "model" => request.model = map.next_value::<Option<_>>()?.unwrap_or_default(),
            "messages" => self.messages = map.next_value()?,
            "system" => self.system = map.next_value()?,
            "tool_choice" => self.tool_choice = map.next_value()?,
            "max_tokens" => request.max_tokens = map.next_value()?,
            "stream" => request.stream = map.next_value::<Option<_>>()?.unwrap_or_default(),
            "temperature" => request.temperature = map.next_value()?,
            "top_p" => request.top_p = map.next_value()?,
            "top_k" => request.top_k = map.next_value::<Option<Number>>()?,
            "stop_sequences" => request.stop = map.next_value::<Option<_>>()?.unwrap_or_default(),
            "tools" => {
                let tools = map.next_value::<Option<Vec<ToolOf<'a>>>>()?.unwrap_or_default();
                request.tools = tools.into_iter().map(|tool| tool.0).collect();
            }
            "thinking" => thinking(&mut request.reasoning, map.next_value()?),
            "output_config" => {
                let members = map.next_value::<Option<Members<'a>>>()?.unwrap_or_default();
                output_config(request, members).map_err(serde::de::Error::custom)?;
            }
            "output_format" => format(request, map.next_value()?),
            "metadata" => request.user = map.next_value::<Option<wire::Metadata<'a>>>()?.and_then(|data| data.user_id),
            "service_tier" => {
                let tier = map.next_value::<Option<Str<'a>>>()?;
                request.service_tier = tier.map(|tier| if tier == "standard_only" { "default".into() } else { tier });
            }
            "cache_control" => {
                let control = map.next_value::<Option<wire::CacheControl<'a>>>()?;
                request.cache = control.map(|control| Cache { ttl: control.ttl });
            }
            // Which version of the API is spoken, where there is no header for it.
            "anthropic_version" => drop(map.next_value::<Raw<'a>>()?),
            _ => {
                let json = map.next_value::<Raw<'a>>()?;
                if !json.is_null() {
                    request.others.push(Foreign { dialect: Dialect::Anthropic, kind: name, json });
                }
            }
        }
        Ok(())
    }
}

fn thinking<'a>(reasoning: &mut Thinking<'a>, wire: Option<wire::Thinking<'a>>) {
    let Some(wire) = wire else { return };
    match wire.kind.as_str() {
        "enabled" => reasoning.budget = wire.budget_tokens,
        "adaptive" => reasoning.adaptive = true,
        // `between_tools` is what the models have for it that cannot do without.
        "disabled" | "between_tools" => reasoning.off = true,
        _ => {}
    }
    reasoning.summary = wire.display.map(|display| match display.as_str() {
        "summarized" => "auto".into(),
        "omitted" => "none".into(),
        _ => display,
    });
}

fn output_config<'a>(request: &mut Request<'a>, members: Members<'a>) -> Result<(), String> {
    for (name, json) in members.0 {
        match name.as_str() {
            _ if json.is_null() => {}
            "effort" => {
                let effort: String = json.read().map_err(|error| format!("`effort`: {error}"))?;
                request.reasoning.effort = Some(effort.into());
            }
            "format" => {
                let wire: wire::Format<'_> = json.read().map_err(|error| format!("`format`: {error}"))?;
                let schema = wire.schema.map(Raw::into_owned);
                format(request, Some(wire::Format { kind: wire.kind.into_owned(), schema }));
            }
            _ => {
                let kind = format!("{OUTPUT_CONFIG}{name}").into();
                request.others.push(Foreign { dialect: Dialect::Anthropic, kind, json });
            }
        }
    }
    Ok(())
}

/// Begins the names of those members of `output_config` that only this dialect knows.
pub(super) const OUTPUT_CONFIG: &str = "output_config.";

fn format<'a>(request: &mut Request<'a>, wire: Option<wire::Format<'a>>) {
    if let Some(wire::Format { kind, schema: Some(schema) }) = wire
        && kind == "json_schema"
    {
        request.format = Some(Format::JsonSchema { name: None, description: None, schema, strict: None });
    }
}

/// A tool; one that Anthropic runs, or knows the schema of, is passed as it is.
struct ToolOf<'a>(Tool<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for ToolOf<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let raw = <&serde_json::value::RawValue>::deserialize(deserializer)?;
        let wire: wire::Tool<'a> = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        match wire.kind {
            Some(kind) if kind != "custom" => {
                Ok(Self(Tool::Foreign(Foreign { dialect: Dialect::Anthropic, kind, json: raw.into() })))
            }
            _ => Ok(Self(Tool::Function(Function {
                name: wire.name.ok_or_else(|| D::Error::missing_field("name"))?,
                description: wire.description,
                parameters: wire.input_schema,
                strict: wire.strict,
                free_form: None,
                cache: blocks::cache(wire.cache_control),
            }))),
        }
    }
}
