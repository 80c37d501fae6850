//! Tools of a request, the choice among them, and the form of the answer, read.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{CacheControl, lenient};
use crate::canonical::{Cache, Dialect, Foreign, Format, Function, Raw, Str, Tool, ToolChoice};

#[derive(Deserialize)]
struct WireTool<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Option<Str<'a>>,
    #[serde(borrow, default)]
    function: Option<WireFunction<'a>>,
    #[serde(borrow, default)]
    custom: Option<WireFunction<'a>>,
    #[serde(borrow, default)]
    cache_control: Option<CacheControl<'a>>,
}

/// A function, or a custom tool.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct WireFunction<'a> {
    #[serde(borrow)]
    name: Str<'a>,
    #[serde(borrow)]
    description: Option<Str<'a>>,
    #[serde(borrow)]
    parameters: Option<Raw<'a>>,
    strict: Option<bool>,
    #[serde(borrow)]
    format: Option<Raw<'a>>,
}

impl<'a> WireFunction<'a> {
    pub(super) fn function(self) -> Function<'a> {
        let Self { name, description, parameters, strict, .. } = self;
        Function { name, description, parameters, strict, free_form: None, cache: None }
    }

    fn custom(self) -> Function<'a> {
        let any = || Raw::parse(r#"{"type":"text"}"#);
        let free_form = self.format.clone().map(free_form).or_else(any);
        Function { free_form, parameters: None, ..self.function() }
    }
}

/// Chat wraps a grammar in one more object than the canonical form, which is Responses'.
fn free_form(format: Raw<'_>) -> Raw<'_> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        grammar: Grammar<'a>,
    }
    #[derive(Deserialize)]
    struct Grammar<'a> {
        #[serde(borrow)]
        syntax: Str<'a>,
        #[serde(borrow)]
        definition: Str<'a>,
    }
    #[derive(serde::Serialize)]
    struct Flat<'f> {
        r#type: &'static str,
        syntax: &'f str,
        definition: &'f str,
    }
    let flat = format.read::<Wrapped<'_>>().ok().and_then(|Wrapped { grammar }| {
        Raw::write(&Flat { r#type: "grammar", syntax: &grammar.syntax, definition: &grammar.definition })
    });
    flat.unwrap_or(format)
}

/// A tool; one of no known kind is kept as it is.
pub(super) fn tool<'a>(raw: &'a RawValue) -> serde_json::Result<Tool<'a>> {
    let wire: WireTool<'a> = serde_json::from_str(raw.get())?;
    let cache = wire.cache_control.map(|CacheControl { ttl }| Cache { ttl });
    let function = wire.function.map(WireFunction::function).or(wire.custom.map(WireFunction::custom));
    Ok(match function {
        Some(function) => Tool::Function(Function { cache, ..function }),
        None => {
            let kind = wire.kind.unwrap_or_default();
            Tool::Foreign(Foreign { dialect: Dialect::OpenAiChat, kind, json: Raw::from(raw) })
        }
    })
}

#[derive(Deserialize)]
struct Chosen<'a> {
    #[serde(borrow, default)]
    function: Option<Named<'a>>,
    #[serde(borrow, default)]
    custom: Option<Named<'a>>,
    #[serde(borrow, default)]
    allowed_tools: Option<Allowed<'a>>,
    /// The oldest form, and a common mistake.
    #[serde(borrow, default)]
    name: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Str<'a>,
}

#[derive(Deserialize)]
struct Allowed<'a> {
    #[serde(borrow, default)]
    mode: Option<Str<'a>>,
    #[serde(borrow, default)]
    tools: Vec<Chosen<'a>>,
}

impl<'a> Chosen<'a> {
    fn name(self) -> Option<Str<'a>> {
        self.function.or(self.custom).map(|named| named.name).or(self.name)
    }
}

/// Whether a tool must be called, and which. `None` for what is no choice that is known.
pub(super) fn choice<'a>(raw: &'a RawValue) -> Option<ToolChoice<'a>> {
    if let Some(word) = lenient::<Str<'a>>(Some(raw)) {
        return match word.as_str() {
            "auto" => Some(ToolChoice::Auto),
            "none" => Some(ToolChoice::None),
            // `any` is Mistral's word.
            "required" | "any" => Some(ToolChoice::Required),
            _ => None,
        };
    }
    let mut chosen: Chosen<'a> = lenient(Some(raw))?;
    match chosen.allowed_tools.take() {
        Some(Allowed { mode, tools }) => Some(ToolChoice::Among {
            names: tools.into_iter().filter_map(Chosen::name).collect(),
            required: mode.is_some_and(|mode| mode == "required"),
        }),
        None => chosen.name().map(ToolChoice::Named),
    }
}

#[derive(Deserialize)]
struct ResponseFormat<'a> {
    #[serde(rename = "type", borrow)]
    kind: Str<'a>,
    #[serde(borrow, default)]
    json_schema: Option<JsonSchema<'a>>,
    /// Together's and others' short form: the schema beside the type.
    #[serde(borrow, default)]
    schema: Option<Raw<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonSchema<'a> {
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    description: Option<Str<'a>>,
    #[serde(borrow)]
    schema: Option<Raw<'a>>,
    strict: Option<bool>,
}

/// The form of the answer. `None` for one that is not known, such as a grammar.
pub(super) fn format<'a>(raw: &'a RawValue) -> Option<Format<'a>> {
    let wire: ResponseFormat<'a> = lenient(Some(raw))?;
    let JsonSchema { name, description, schema, strict } = wire.json_schema.unwrap_or_default();
    match (wire.kind.as_str(), schema.or(wire.schema)) {
        ("text", _) => Some(Format::Text),
        ("json_object" | "json_schema", Some(schema)) => Some(Format::JsonSchema { name, description, schema, strict }),
        ("json_object" | "json_schema", None) => Some(Format::JsonObject),
        _ => None,
    }
}
