//! Tools and the form of the answer, written.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::canonical::{Dialect, Format, Function, Lost, Raw, Request, Tool, ToolChoice};

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

/// The tools. Ollama knows no choice among them: only those that may be used are offered.
pub(super) fn write<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Vec<ToolOut<'r>> {
    let allowed = match &request.tool_choice {
        None | Some(ToolChoice::Auto) => None,
        Some(ToolChoice::None) => return Vec::new(),
        Some(ToolChoice::Required) => {
            lost.add("tool_choice");
            None
        }
        Some(ToolChoice::Named(name)) => {
            lost.add("tool_choice");
            Some(std::slice::from_ref(name))
        }
        Some(ToolChoice::Among { names, required }) => {
            lost.add_if(*required, "tool_choice");
            Some(&**names)
        }
    };
    // A choice of none of them is a mistake, which is no reason to offer none.
    let allowed = allowed.filter(|names| request.functions().any(|function| names.contains(&function.name)));
    let mut tools = Vec::new();
    for tool in &request.tools {
        match tool {
            Tool::Function(function) if allowed.is_some_and(|names| !names.contains(&function.name)) => {}
            Tool::Function(function) => {
                tools.push(ToolOut::Function { kind: "function", function: write_function(function, lost) });
            }
            Tool::Foreign(foreign) if foreign.dialect == Dialect::Ollama => {
                tools.push(ToolOut::Foreign(&foreign.json));
            }
            Tool::Foreign(foreign) => lost.add_tool(foreign),
        }
    }
    lost.add_if(!tools.is_empty() && request.parallel_tools == Some(false), "parallel_tool_calls");
    tools
}

fn write_function<'r>(function: &'r Function<'_>, lost: &mut Lost) -> FunctionOut<'r> {
    lost.add_if(function.cache.is_some(), "cache_control");
    lost.add_if(function.strict == Some(true), "tools.strict");
    lost.add_if(function.free_form.is_some(), "tools.custom");
    let parameters = match &function.free_form {
        Some(_) => json(ONE_TEXT.to_owned()),
        None => parameters(function.parameters.as_ref()),
    };
    FunctionOut { name: &function.name, description: function.description.as_deref(), parameters }
}

/// What a tool that takes free text takes where there are only functions: the text as its one argument.
const ONE_TEXT: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// A schema that says that it is one of an object, and of which members: the models' templates go through both.
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
#[serde(untagged)]
pub(super) enum FormatOut<'r> {
    Word(&'static str),
    Schema(&'r Raw<'r>),
}

/// The form of the answer. Ollama follows a schema exactly, whether that is asked for or not.
pub(super) fn format<'r>(format: &'r Format<'_>, lost: &mut Lost) -> Option<FormatOut<'r>> {
    match format {
        Format::Text => None,
        Format::JsonObject => Some(FormatOut::Word("json")),
        Format::JsonSchema { schema, description, .. } => {
            lost.add_if(description.is_some(), "response_format.json_schema.description");
            Some(FormatOut::Schema(schema))
        }
    }
}
