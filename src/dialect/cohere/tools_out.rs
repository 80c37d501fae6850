//! Tools, the choice among them and the form of the answer, written.

use serde::Serialize;

use crate::canonical::{Dialect, Format, Lost, Raw, Request, Tool, ToolChoice};
use crate::dialect::functions::{self, ToolOut};

/// What a request says of tools.
#[derive(Default)]
pub(super) struct Tools<'r> {
    pub(super) tools: Vec<ToolOut<'r>>,
    pub(super) choice: Option<&'static str>,
    pub(super) strict: Option<bool>,
}

/// The tools, of which only some are offered where the choice is among some.
pub(super) fn write<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Tools<'r> {
    let chosen = request.chosen();
    let choice = match &request.tool_choice {
        None | Some(ToolChoice::Auto) => None,
        Some(ToolChoice::None) => Some("NONE"),
        Some(ToolChoice::Required) => Some("REQUIRED"),
        Some(ToolChoice::Named(_) | ToolChoice::Among { .. }) if chosen.is_none() => {
            lost.add("tool_choice");
            None
        }
        // Only one tool is offered, and it must be used: that is the same.
        Some(ToolChoice::Named(_)) => Some("REQUIRED"),
        Some(ToolChoice::Among { required, .. }) => required.then_some("REQUIRED"),
    };
    let mut written = Tools::default();
    let mut strict = 0;
    for tool in &request.tools {
        match tool {
            Tool::Function(function) if chosen.as_ref().is_some_and(|names| !names.contains(&*function.name)) => {}
            Tool::Function(function) => {
                strict += usize::from(function.strict == Some(true));
                written.tools.push(functions::write(function, lost));
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
