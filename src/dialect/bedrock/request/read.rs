//! A client's request.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use super::super::DIALECT;
use super::super::content::{model_parts, parts};
use super::super::wire::{Block, CachePoint, ServiceTier};
use super::additional;
use crate::canonical::{
    Cache, Fault, FaultKind, Foreign, Format, Function, Raw, Request, Role, Str, Tool, ToolChoice, Turn,
};
use crate::dialect::codec::Asked;
use crate::dialect::wire::{List, read_client};

/// A request as it is written.
#[derive(Default)]
struct Wire<'a> {
    messages: List<Message<'a>>,
    system: List<Block<'a>>,
    inference: Option<Inference<'a>>,
    tools: Option<ToolConfig<'a>>,
    additional: Option<&'a RawValue>,
    metadata: Option<Raw<'a>>,
    service_tier: Option<ServiceTier<'a>>,
    output: Option<OutputConfig<'a>>,
    others: Vec<Foreign<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Wire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Wire<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wire<'de>, A::Error> {
                let mut wire = Wire::default();
                while let Some(name) = map.next_key::<Str<'de>>()? {
                    match name.as_str() {
                        "messages" => wire.messages = map.next_value()?,
                        "system" => wire.system = map.next_value()?,
                        "inferenceConfig" => wire.inference = map.next_value()?,
                        "toolConfig" => wire.tools = map.next_value()?,
                        "additionalModelRequestFields" => wire.additional = map.next_value()?,
                        "requestMetadata" => wire.metadata = map.next_value()?,
                        "serviceTier" => wire.service_tier = map.next_value()?,
                        "outputConfig" => wire.output = map.next_value()?,
                        "input" => wire = map.next_value::<Counted<'de>>()?.converse,
                        // The SDKs' own model of a request has it; on the wire it is in the path.
                        "modelId" => drop(map.next_value::<serde::de::IgnoredAny>()?),
                        _ => {
                            if let Some(json) = map.next_value::<Option<&'de RawValue>>()? {
                                wire.others.push(Foreign { dialect: DIALECT, kind: name, json: json.into() });
                            }
                        }
                    }
                }
                Ok(wire)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// What a client of CountTokens wraps its request in.
#[derive(Deserialize)]
struct Counted<'a> {
    #[serde(borrow)]
    converse: Wire<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Str<'a>,
    #[serde(borrow, default)]
    content: List<Block<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inference<'a> {
    max_tokens: Option<u64>,
    temperature: Option<Number>,
    top_p: Option<Number>,
    #[serde(borrow, default)]
    stop_sequences: List<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    #[serde(borrow, default)]
    tools: List<WireTool<'a>>,
    #[serde(borrow)]
    tool_choice: Option<WireChoice<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTool<'a> {
    #[serde(borrow)]
    tool_spec: Option<ToolSpec<'a>>,
    #[serde(borrow)]
    cache_point: Option<CachePoint<'a>>,
    #[serde(borrow)]
    system_tool: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolSpec<'a> {
    #[serde(borrow)]
    name: Str<'a>,
    #[serde(borrow)]
    description: Option<Str<'a>>,
    #[serde(borrow)]
    input_schema: Option<InputSchema<'a>>,
    strict: Option<bool>,
}

#[derive(Deserialize)]
struct InputSchema<'a> {
    #[serde(borrow)]
    json: Option<Raw<'a>>,
}

#[derive(Deserialize)]
struct WireChoice<'a> {
    any: Option<serde::de::IgnoredAny>,
    #[serde(borrow)]
    tool: Option<NamedTool<'a>>,
}

#[derive(Deserialize)]
struct NamedTool<'a> {
    #[serde(borrow)]
    name: Str<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig<'a> {
    #[serde(borrow)]
    text_format: Option<TextFormat<'a>>,
    #[serde(borrow)]
    effort: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct TextFormat<'a> {
    #[serde(borrow)]
    structure: Option<Structure<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structure<'a> {
    #[serde(borrow)]
    json_schema: Option<JsonSchema<'a>>,
}

#[derive(Deserialize)]
struct JsonSchema<'a> {
    /// JSON as text.
    #[serde(borrow)]
    schema: Str<'a>,
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    description: Option<Str<'a>>,
}

/// Reads it.
pub fn read<'a>(body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
    let wire: Wire<'a> = read_client(body)?;
    let inference = wire.inference.unwrap_or_default();
    let mut request = Request {
        model: percent_decode_str(asked.model.unwrap_or_default()).decode_utf8_lossy().into(),
        stream: asked.stream,
        turns: turns(wire.system.0, wire.messages.0)?,
        max_tokens: inference.max_tokens,
        stop: inference.stop_sequences.0,
        temperature: inference.temperature,
        top_p: inference.top_p,
        metadata: wire.metadata.filter(|metadata| !metadata.is_null()),
        service_tier: wire.service_tier.and_then(|tier| tier.kind),
        // Converse always tells it.
        usage_in_stream: true,
        others: wire.others,
        ..Request::default()
    };
    if let Some(config) = wire.tools {
        request.tool_choice = config.tool_choice.map(choice);
        request.tools = tools(config.tools.0);
    }
    if let Some(additional) = wire.additional {
        additional::read(additional, &mut request)?;
    }
    if let Some(output) = wire.output {
        if output.effort.is_some() {
            request.reasoning.effort = output.effort;
        }
        request.format = format(output.text_format)?;
    }
    Ok(request)
}

fn turns<'a>(system: Vec<Block<'a>>, messages: Vec<Message<'a>>) -> Result<Vec<Turn<'a>>, Fault> {
    let mut turns = Vec::with_capacity(messages.len() + 1);
    if !system.is_empty() {
        turns.push(Turn { role: Role::System, parts: parts(system), name: None });
    }
    for (index, message) in messages.into_iter().enumerate() {
        let role = match message.role.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            other => {
                let message = format!("`messages[{index}].role`: {other:?} is none of user, assistant, system");
                return Err(Fault::new(FaultKind::BadRequest, message));
            }
        };
        let blocks = message.content.0;
        let parts = if role == Role::Assistant { model_parts(blocks) } else { parts(blocks) };
        turns.push(Turn { role, parts, name: None });
    }
    Ok(turns)
}

fn tools(wire: Vec<WireTool<'_>>) -> Vec<Tool<'_>> {
    let mut tools = Vec::with_capacity(wire.len());
    for tool in wire {
        if let Some(spec) = tool.tool_spec {
            tools.push(Tool::Function(Function {
                name: spec.name,
                description: spec.description,
                parameters: spec.input_schema.and_then(|schema| schema.json).filter(|json| !json.is_null()),
                strict: spec.strict,
                free_form: None,
                cache: None,
            }));
        } else if let Some(json) = tool.system_tool {
            tools.push(Tool::Foreign(Foreign { dialect: DIALECT, kind: "systemTool".into(), json: json.into() }));
        } else if let (Some(point), Some(Tool::Function(last))) = (tool.cache_point, tools.last_mut()) {
            last.cache = Some(Cache { ttl: point.ttl });
        }
    }
    tools
}

fn choice(wire: WireChoice<'_>) -> ToolChoice<'_> {
    match wire {
        WireChoice { tool: Some(tool), .. } => ToolChoice::Named(tool.name),
        WireChoice { any: Some(_), .. } => ToolChoice::Required,
        _ => ToolChoice::Auto,
    }
}

fn format(wire: Option<TextFormat<'_>>) -> Result<Option<Format<'_>>, Fault> {
    let Some(schema) = wire.and_then(|format| format.structure?.json_schema) else { return Ok(None) };
    let text = schema.schema.0.into_owned();
    let parsed = RawValue::from_string(text).map_err(|error| {
        let message = format!("`outputConfig.textFormat.structure.jsonSchema.schema`: invalid JSON: {error}");
        Fault::new(FaultKind::BadRequest, message)
    })?;
    Ok(Some(Format::JsonSchema {
        name: schema.name,
        description: schema.description,
        schema: parsed.into(),
        strict: Some(true),
    }))
}
