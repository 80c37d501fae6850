//! Tools and the form of the answer, written.

use serde::Serialize;

use crate::canonical::{Dialect, Format, Lost, Raw, Request, Tool, ToolChoice};
use crate::dialect::functions::{self, ToolOut};

/// The tools. Ollama knows no choice among them: only those that may be used are offered.
pub(super) fn write<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Vec<ToolOut<'r>> {
    match &request.tool_choice {
        None | Some(ToolChoice::Auto | ToolChoice::Among { required: false, .. }) => {}
        Some(ToolChoice::None) => return Vec::new(),
        Some(ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Among { .. }) => lost.add("tool_choice"),
    }
    // A choice of none of them is a mistake, which is no reason to offer none.
    let chosen = request.chosen();
    let mut tools = Vec::new();
    for tool in &request.tools {
        match tool {
            Tool::Function(function) if chosen.as_ref().is_some_and(|names| !names.contains(&*function.name)) => {}
            Tool::Function(function) => {
                lost.add_if(function.strict == Some(true), "tools.strict");
                tools.push(functions::write(function, lost));
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
