//! Tools and the choice among them, both ways.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::OWN;
use super::super::wire::{Shape, at, lenient};
use super::super::writing::{Object, comma};
use crate::canonical::{Fault, FaultKind, Foreign, Function, Lost, Raw, Request, Str, Tool, ToolChoice};
use crate::dialect::wire::Members;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    description: Option<Str<'a>>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
    strict: Option<bool>,
    #[serde(borrow)]
    format: Option<&'a RawValue>,
    /// Chat's nested form, which clients also send here.
    #[serde(borrow)]
    function: Option<&'a RawValue>,
}

/// Only what tells the kind: hosted tools have members of the same names with other shapes.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Kind<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Str<'a>>,
}

/// Reads `tools`.
pub(super) fn read<'a>(raw: &'a RawValue) -> Result<Vec<Tool<'a>>, Fault> {
    let list: Vec<&RawValue> = at(raw, &|| "tools".to_owned())?;
    (0..).zip(list).map(|(index, tool)| read_one(tool, &|| format!("tools[{index}]"))).collect()
}

fn read_one<'a>(raw: &'a RawValue, place: &dyn Fn() -> String) -> Result<Tool<'a>, Fault> {
    let Kind { kind } = at(raw, place)?;
    let kind = kind.unwrap_or_else(|| "function".into());
    if !matches!(kind.as_str(), "function" | "custom") {
        return Ok(Tool::Foreign(Foreign { dialect: OWN, kind, json: raw.into() }));
    }
    let mut wire: Wire<'_> = at(raw, place)?;
    if let Some(nested) = wire.function {
        wire = at(nested, &|| format!("{}.function", place()))?;
    }
    let Some(name) = wire.name.filter(|name| !name.is_empty()) else {
        return Err(Fault::new(FaultKind::BadRequest, format!("`{}.name`: missing", place())));
    };
    let free_form =
        (kind == "custom").then(|| wire.format.map(Raw::from).or(Raw::parse(r#"{"type":"text"}"#))).flatten();
    Ok(Tool::Function(Function {
        name,
        description: wire.description,
        parameters: wire.parameters.map(Raw::from),
        strict: wire.strict,
        free_form,
        cache: None,
    }))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Choice<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    mode: Option<Str<'a>>,
    #[serde(borrow)]
    tools: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    function: Option<&'a RawValue>,
}

/// Reads `tool_choice`. One of a hosted tool stays as it is, for a target of this dialect.
pub(super) fn read_choice<'a>(request: &mut Request<'a>, name: Str<'a>, raw: &'a RawValue) -> Result<(), Fault> {
    let bad = |what: String| Fault::new(FaultKind::BadRequest, format!("`tool_choice`: {what}"));
    let choice: Choice<'_> = match Shape::of(raw) {
        Shape::Text(word) => {
            request.tool_choice = Some(match &*word {
                "auto" => ToolChoice::Auto,
                "none" => ToolChoice::None,
                "required" => ToolChoice::Required,
                other => return Err(bad(format!("unknown choice `{other}`"))),
            });
            return Ok(());
        }
        _ => at(raw, &|| "tool_choice".to_owned())?,
    };
    let mut hosted = false;
    match choice.kind.as_deref() {
        Some("function" | "custom") => {
            let nested: Choice<'_> = choice.function.map(lenient).unwrap_or_default();
            let name = choice.name.or(nested.name).ok_or_else(|| bad("`name` is missing".to_owned()))?;
            request.tool_choice = Some(ToolChoice::Named(name));
        }
        Some("allowed_tools") => {
            let mut names = Vec::new();
            for tool in choice.tools.unwrap_or_default() {
                let tool: Choice<'_> = lenient(tool);
                match (tool.kind.as_deref(), tool.name) {
                    (Some("function" | "custom") | None, Some(name)) => names.push(name),
                    _ => hosted = true,
                }
            }
            let required = choice.mode.as_deref() == Some("required");
            if !names.is_empty() {
                request.tool_choice = Some(ToolChoice::Among { names, required });
            }
        }
        _ => hosted = true,
    }
    if hosted {
        request.others.push(Foreign { dialect: OWN, kind: name, json: raw.into() });
    }
    Ok(())
}

/// Writes `tools`.
pub(super) fn write(request: &Request<'_>, lost: &mut Lost) -> Vec<u8> {
    let mut list = Vec::new();
    for tool in &request.tools {
        match tool {
            Tool::Function(function) => {
                lost.add_if(function.cache.is_some(), "cache_control");
                comma(&mut list);
                write_function(function, Object::begin(&mut list));
            }
            Tool::Foreign(foreign) if foreign.dialect == OWN => {
                comma(&mut list);
                list.extend_from_slice(foreign.json.as_str().as_bytes());
            }
            Tool::Foreign(foreign) => lost.add_tool(foreign),
        }
    }
    list
}

fn write_function(function: &Function<'_>, mut object: Object<'_>) {
    object.member("type", if function.free_form.is_some() { "custom" } else { "function" });
    object.member("name", &function.name);
    object.maybe("description", function.description.as_ref());
    if let Some(format) = &function.free_form {
        object.member("format", format);
    } else {
        write_schema(function.parameters.as_ref(), object.name("parameters"));
        // Strict unless said otherwise, which is not what a client of another dialect means by silence.
        object.member("strict", &function.strict.unwrap_or(false));
    }
    object.end();
}

/// A schema has to say that it is of an object.
fn write_schema(schema: Option<&Raw<'_>>, out: &mut Vec<u8>) {
    let members: Option<Members<'_>> = schema.and_then(|schema| schema.read().ok());
    let members = members.unwrap_or_default().0;
    let mut object = Object::begin(out);
    if !members.iter().any(|(name, _)| name == "type") {
        object.member("type", "object");
    }
    members.iter().for_each(|(name, value)| object.member(name, value));
    if members.is_empty() {
        object.raw("properties", "{}");
    }
    object.end();
}

/// Writes `tool_choice`, unless it makes no sense among the tools that there are.
pub(super) fn write_choice(request: &Request<'_>, tools: bool, body: &mut Object<'_>, lost: &mut Lost) {
    let Some(choice) = &request.tool_choice else { return };
    let typed = |function: &Function<'_>, mut object: Object<'_>| {
        object.member("type", if function.free_form.is_some() { "custom" } else { "function" });
        object.member("name", &function.name);
        object.end();
    };
    match choice {
        // Refused where there are no tools, and says nothing there.
        ToolChoice::Auto | ToolChoice::None if !tools => {}
        ToolChoice::Auto => body.member("tool_choice", "auto"),
        ToolChoice::None => body.member("tool_choice", "none"),
        ToolChoice::Required if tools => body.member("tool_choice", "required"),
        ToolChoice::Named(name) if tools => match request.functions().find(|function| function.name == *name) {
            Some(function) => typed(function, Object::begin(body.name("tool_choice"))),
            None => lost.add("tool_choice"),
        },
        ToolChoice::Among { names, required } => {
            let known = request.functions_by_name();
            let mut chosen = names.iter().filter_map(|name| known.get(name.as_str())).peekable();
            if chosen.peek().is_none() {
                return lost.add("tool_choice");
            }
            let mut object = Object::begin(body.name("tool_choice"));
            object.member("type", "allowed_tools");
            object.member("mode", if *required { "required" } else { "auto" });
            let mut list = Vec::new();
            for function in chosen {
                comma(&mut list);
                typed(function, Object::begin(&mut list));
            }
            let out = object.name("tools");
            out.push(b'[');
            out.extend_from_slice(&list);
            out.push(b']');
            object.end();
        }
        ToolChoice::Required | ToolChoice::Named(_) => lost.add("tool_choice"),
    }
}
