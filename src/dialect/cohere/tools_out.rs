//! Tools, the choice among them and the form of the answer, written.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::canonical::{Dialect, Format, Function, Lost, Raw, Request, Str, Tool, ToolChoice};

/// What a request says of tools.
#[derive(Default)]
pub(super) struct Tools<'r> {
    pub(super) tools: Vec<ToolOut<'r>>,
    pub(super) choice: Option<&'static str>,
    pub(super) strict: Option<bool>,
}

/// One tool.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ToolOut<'r> {
    Function {
        #[serde(rename = "type")]
        kind: &'static str,
        function: FunctionOut<'r>,
    },
    Foreign(&'r Raw<'r>),
}

#[derive(Serialize)]
pub(super) struct FunctionOut<'r> {
    name: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'r str>,
    parameters: Cow<'r, RawValue>,
}

/// The tools, of which only some are offered where the choice is among some.
pub(super) fn write<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Tools<'r> {
    let known = |name: &Str<'_>| request.functions().any(|function| function.name == *name);
    let (allowed, choice) = match &request.tool_choice {
        None | Some(ToolChoice::Auto) => (None, None),
        Some(ToolChoice::None) => (None, Some("NONE")),
        Some(ToolChoice::Required) => (None, Some("REQUIRED")),
        // Only one tool is offered, and it must be used: that is the same.
        Some(ToolChoice::Named(name)) if known(name) => (Some(std::slice::from_ref(name)), Some("REQUIRED")),
        Some(ToolChoice::Among { names, required }) if names.iter().any(known) => {
            (Some(&**names), required.then_some("REQUIRED"))
        }
        Some(ToolChoice::Named(_) | ToolChoice::Among { .. }) => {
            lost.add("tool_choice");
            (None, None)
        }
    };
    let mut written = Tools::default();
    let mut strict = 0;
    for tool in &request.tools {
        match tool {
            Tool::Function(function) if allowed.is_some_and(|names| !names.contains(&function.name)) => {}
            Tool::Function(function) => {
                strict += usize::from(function.strict == Some(true));
                lost.add_if(function.cache.is_some(), "cache_control");
                written.tools.push(ToolOut::Function { kind: "function", function: write_function(function, lost) });
            }
            Tool::Foreign(foreign) if foreign.dialect == Dialect::Cohere => {
                written.tools.push(ToolOut::Foreign(&foreign.json));
            }
            Tool::Foreign(foreign) => lost.add_tool(foreign),
        }
    }
    if written.tools.is_empty() {
        lost.add_if(choice == Some("REQUIRED"), "tool_choice");
        return written;
    }
    // One switch for all of them.
    written.strict = (strict == written.tools.len()).then_some(true);
    lost.add_if(strict > 0 && written.strict.is_none(), "tools.strict");
    lost.add_if(request.parallel_tools == Some(false), "parallel_tool_calls");
    written.choice = choice;
    written
}

fn write_function<'r>(function: &'r Function<'_>, lost: &mut Lost) -> FunctionOut<'r> {
    lost.add_if(function.free_form.is_some(), "tools.custom");
    let parameters = match &function.free_form {
        Some(_) => json(ONE_TEXT.to_owned()),
        None => parameters(function.parameters.as_ref()),
    };
    FunctionOut { name: &function.name, description: function.description.as_deref(), parameters }
}

/// What a tool that takes free text takes where there are only functions: the text as its one argument.
const ONE_TEXT: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// A schema that says that it is one of an object.
fn parameters<'r>(schema: Option<&'r Raw<'_>>) -> Cow<'r, RawValue> {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        kind: Option<IgnoredAny>,
        properties: Option<IgnoredAny>,
    }
    let Some(schema) = schema.filter(|schema| schema.is_object()) else {
        return json(r#"{"type":"object","properties":{}}"#.to_owned());
    };
    let Ok(Typed { kind, properties }) = schema.read::<Typed>() else { return json(schema.as_str().to_owned()) };
    let mut missing = String::new();
    missing.push_str(if kind.is_none() { r#""type":"object","# } else { "" });
    missing.push_str(if properties.is_none() { r#""properties":{},"# } else { "" });
    if missing.is_empty() {
        return serde_json::from_str(schema.as_str()).map_or_else(|_| json(String::new()), Cow::Borrowed);
    }
    let rest = schema.as_str().get(1..).unwrap_or_default();
    if rest.trim_start().starts_with('}') {
        missing.pop();
    }
    json(format!("{{{missing}{rest}"))
}

/// Text that is JSON; the empty object where it is not after all.
fn json(text: String) -> Cow<'static, RawValue> {
    let object = || RawValue::from_string("{}".to_owned());
    Cow::Owned(RawValue::from_string(text).or_else(|_| object()).unwrap_or_default())
}

/// The form of the answer.
#[derive(Serialize)]
pub(super) struct FormatOut<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<&'r Raw<'r>>,
}

/// The form of the answer as a member, or in words: Cohere takes none together with tools or documents.
pub(super) fn format<'r>(
    format: &'r Format<'_>,
    beside_sources: bool,
    lost: &mut Lost,
) -> (Option<FormatOut<'r>>, Option<String>) {
    let (schema, words) = match format {
        Format::Text => return (None, None),
        Format::JsonObject => (None, "Answer with a JSON object.".to_owned()),
        Format::JsonSchema { schema, description, strict, .. } => {
            lost.add_if(*strict == Some(true) && beside_sources, "response_format.json_schema.strict");
            lost.add_if(description.is_some(), "response_format.json_schema.description");
            let schema_text = schema.as_str();
            (Some(schema), format!("Answer with a JSON object that follows this JSON schema:\n{schema_text}"))
        }
    };
    if beside_sources {
        return (None, Some(words));
    }
    (Some(FormatOut { kind: "json_object", json_schema: schema }), None)
}
