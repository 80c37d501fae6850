//! Tools, the choice among them, and the form of the answer, written.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::json_out::{Object, value};
use super::strict;
use super::style::Style;
use crate::canonical::{Dialect, Format, Function, Lost, Raw, Request, Str, Tool, ToolChoice};
use crate::dialect::codec::Flavour;
use crate::dialect::functions::{ONE_TEXT, parameters};

/// Writes `tools`, `tool_choice` and `parallel_tool_calls`.
pub(super) fn write(request: &Request<'_>, style: &Style<'_>, body: &mut Object<'_>, lost: &mut Lost) {
    let tools = kept(request, style, lost);
    let choice = request.tool_choice.as_ref();
    if tools.is_empty() {
        let must = matches!(
            choice,
            Some(ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Among { required: true, .. })
        );
        lost.add_if(must, "tool_choice");
        return;
    }
    let mut list = Object::list(body.key("tools"));
    for tool in &tools {
        match tool {
            Tool::Function(function) => write_function(function, style, list.item(), lost),
            Tool::Foreign(foreign) => value(list.item(), &foreign.json),
        }
    }
    list.end();
    if let Some(choice) = choice {
        write_choice(choice, request, style, body, lost);
    }
    match request.parallel_tools {
        Some(parallel) if style.refuses_parallel_tools() => lost.add_if(!parallel, "parallel_tool_calls"),
        parallel => _ = body.maybe("parallel_tool_calls", parallel),
    }
}

/// The tools that can be said, and, where a choice among some cannot be, only those.
fn kept<'r, 'a>(request: &'r Request<'a>, style: &Style<'_>, lost: &mut Lost) -> Vec<&'r Tool<'a>> {
    let allowed = request.among().filter(|_| !style.is_openai());
    let mut keep = |tool: &&Tool<'_>| match tool {
        Tool::Function(function) => allowed.as_ref().is_none_or(|names| names.contains(&*function.name)),
        Tool::Foreign(foreign) if foreign.dialect == Dialect::OpenAiChat => true,
        Tool::Foreign(foreign) => {
            lost.add_tool(foreign);
            false
        }
    };
    request.tools.iter().filter(|tool| keep(tool)).collect()
}

fn write_function(function: &Function<'_>, style: &Style<'_>, out: &mut Vec<u8>, lost: &mut Lost) {
    let mut tool = Object::begin(out);
    match &function.free_form {
        Some(format) if style.is_openai() => {
            tool.set("type", "custom");
            tool.object("custom", |custom| {
                custom.set("name", &function.name).maybe("description", function.description.as_ref());
                write_free_form(format, custom);
            });
        }
        free_form => {
            lost.add_if(free_form.is_some(), "tools.custom");
            let parameters = match free_form {
                Some(_) => Cow::Borrowed(ONE_TEXT),
                None => parameters(function.parameters.as_ref()),
            };
            tool.set("type", "function");
            tool.object("function", |wire| {
                wire.set("name", &function.name).maybe("description", function.description.as_ref());
                wire.key("parameters").extend_from_slice(parameters.as_bytes());
                match function.strict {
                    Some(true) if style.is_openai() && !strict::holds(&parameters) => lost.add("tools.strict"),
                    strict => _ = wire.maybe("strict", strict),
                }
            });
        }
    }
    match &function.cache {
        Some(cache) if style.is(Flavour::OpenRouter) => cache_control(&mut tool, cache),
        cache => lost.add_if(cache.is_some(), "cache_control"),
    }
    tool.end();
}

/// The canonical form is Responses'; Chat wraps a grammar in one more object.
fn write_free_form(format: &Raw<'_>, custom: &mut Object<'_>) {
    #[derive(Deserialize)]
    struct Flat<'a> {
        #[serde(borrow)]
        syntax: Str<'a>,
        #[serde(borrow)]
        definition: Str<'a>,
    }
    match format.read::<Flat<'_>>() {
        Ok(Flat { syntax, definition }) => {
            custom.object("format", |format| {
                format.set("type", "grammar");
                format.object("grammar", |grammar| _ = grammar.set("syntax", syntax).set("definition", definition));
            });
        }
        Err(_) => _ = custom.set("format", format),
    }
}

fn write_choice(
    choice: &ToolChoice<'_>,
    request: &Request<'_>,
    style: &Style<'_>,
    body: &mut Object<'_>,
    lost: &mut Lost,
) {
    let required = if style.is(Flavour::Mistral) { "any" } else { "required" };
    let custom = |function: &Function<'_>| function.free_form.is_some() && style.is_openai();
    let word = |must: bool| if must { required } else { "auto" };
    match choice {
        ToolChoice::Auto => _ = body.set("tool_choice", "auto"),
        ToolChoice::None => _ = body.set("tool_choice", "none"),
        ToolChoice::Required => _ = body.set("tool_choice", required),
        ToolChoice::Named(name) => match request.functions().find(|function| function.name == *name) {
            Some(function) => _ = body.object("tool_choice", |choice| named(choice, custom(function), name)),
            // It was one that this target does not know.
            None => lost.add("tool_choice"),
        },
        ToolChoice::Among { required: must, .. } if !style.is_openai() => _ = body.set("tool_choice", word(*must)),
        ToolChoice::Among { names, required: must } => {
            let known = request.functions_by_name();
            body.object("tool_choice", |choice| {
                choice.set("type", "allowed_tools");
                choice.object("allowed_tools", |allowed| {
                    allowed.set("mode", word(*must));
                    let mut list = Object::list(allowed.key("tools"));
                    for name in names {
                        let Some(function) = known.get(name.as_str()) else { continue };
                        let mut tool = Object::begin(list.item());
                        named(&mut tool, custom(function), name);
                        tool.end();
                    }
                    list.end();
                });
            });
        }
    }
}

fn named(choice: &mut Object<'_>, custom: bool, name: &Str<'_>) {
    let kind = if custom { "custom" } else { "function" };
    choice.set("type", kind).object(kind, |named| _ = named.set("name", name));
}

/// Anthropic's mark, where a target takes it.
pub(super) fn cache_control(part: &mut Object<'_>, cache: &crate::canonical::Cache<'_>) {
    part.object("cache_control", |mark| _ = mark.set("type", "ephemeral").maybe("ttl", cache.ttl.as_ref()));
}

/// Writes `response_format`. Gives what the model has to be told in words, where the target knows no schema.
pub(super) fn format<'r>(
    format: &'r Format<'_>,
    style: &Style<'_>,
    body: &mut Object<'_>,
    lost: &mut Lost,
) -> Option<Cow<'r, str>> {
    let Format::JsonSchema { name, description, schema, strict } = format else {
        if *format == Format::JsonObject {
            body.object("response_format", |format| _ = format.set("type", "json_object"));
            return Some(Cow::Borrowed("Answer with a JSON object."));
        }
        return None;
    };
    if style.is(Flavour::DeepSeek) {
        lost.add_if(*strict == Some(true), "response_format.json_schema.strict");
        body.object("response_format", |format| _ = format.set("type", "json_object"));
        return Some(format!("Answer with a JSON object that follows this JSON schema:\n{}", schema.as_str()).into());
    }
    body.object("response_format", |format| {
        format.set("type", "json_schema");
        format.object("json_schema", |wire| {
            wire.set("name", schema_name(name.as_deref()));
            wire.maybe("description", description.as_ref()).set("schema", schema);
            match strict {
                Some(true) if style.is_openai() && !strict::holds(schema.as_str()) => {
                    lost.add("response_format.json_schema.strict");
                }
                strict => _ = wire.maybe("strict", *strict),
            }
        });
    });
    None
}

/// OpenAI wants a name, of letters, digits, `_` and `-`, at most 64.
fn schema_name(name: Option<&str>) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    let name: String = name.unwrap_or_default().chars().take(64).map(fits).collect();
    if name.is_empty() { "answer".to_owned() } else { name }
}

/// Of a free text tool's call where there are only functions: the arguments that [`ONE_TEXT`] asks for.
pub(super) fn one_text(input: &str) -> String {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    object.set("input", input);
    object.end();
    String::from_utf8(out).unwrap_or_default()
}

/// Whether `text` is JSON.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}
