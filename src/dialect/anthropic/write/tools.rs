//! Tools as they are written.

use std::collections::HashSet;

use serde::Serialize;

use super::super::generation::{Forced, Model};
use super::block::{CacheControl, FREE_FORM};
use super::schema;
use crate::canonical::{Dialect, Function, Lost, Part, Raw, Request, Tool as From, ToolChoice};

/// One tool.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Tool<'r> {
    Function {
        name: &'r str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'r str>,
        input_schema: Raw<'r>,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Hosted(Raw<'r>),
}

/// `tool_choice`.
#[derive(Debug, Serialize)]
pub(super) struct Choice<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

impl Choice<'_> {
    /// The model must ask for a tool.
    pub(super) fn is_forced(&self) -> bool {
        matches!(self.kind, "any" | "tool")
    }
}

/// So many tools may be strict.
const MOST_STRICT: usize = 20;

/// Writes the tools.
pub(super) fn tools<'r>(request: &'r Request<'_>, model: &Model, lost: &mut Lost) -> Vec<Tool<'r>> {
    let mut strict = 0;
    // The client's list of tools that may be asked for is told by leaving out the others.
    let among = request.among();
    let mut tools: Vec<_> = request
        .tools
        .iter()
        .filter_map(|tool| match tool {
            From::Function(function) if among.as_ref().is_some_and(|names| !names.contains(&*function.name)) => None,
            From::Function(function) => Some(self::function(function, model, &mut strict, lost)),
            From::Foreign(hosted) if hosted.dialect == Dialect::Anthropic => Some(Tool::Hosted(hosted.json.borrowed())),
            From::Foreign(hosted) => {
                lost.add_tool(hosted);
                None
            }
        })
        .collect();
    if tools.is_empty() {
        // A conversation in which tools were used is refused when there are none.
        tools = of_history(request);
    }
    tools
}

fn function<'r>(function: &'r Function<'_>, model: &Model, strict: &mut usize, lost: &mut Lost) -> Tool<'r> {
    let mut written = match (&function.free_form, &function.parameters) {
        (Some(format), _) => {
            lost.add_if(!format.as_str().contains("\"text\""), "tools.custom.format");
            free_form()
        }
        (None, Some(parameters)) if schema::fits_tool(parameters) => parameters.borrowed(),
        (None, parameters) => schema::of_tool(parameters.as_ref(), lost),
    };
    let mut is_strict = None;
    if function.strict == Some(true) {
        // A strict schema may say less. Rather than change what it says, the tool is not strict then.
        let mut beyond = Lost::nothing();
        let cleaned = schema::structured(&written, &mut beyond);
        if model.structured && beyond.is_empty() && *strict < MOST_STRICT {
            *strict += 1;
            (written, is_strict) = (cleaned, Some(true));
        } else {
            lost.add("tools.strict");
        }
    }
    Tool::Function {
        name: &function.name,
        description: function.description.as_deref().filter(|text| !text.trim().is_empty()),
        input_schema: written,
        strict: is_strict,
        cache_control: CacheControl::of(function.cache.as_ref()),
    }
}

/// The schema of a tool that takes free text.
fn free_form() -> Raw<'static> {
    let text =
        serde_json::json!({"type": "object", "properties": {FREE_FORM: {"type": "string"}}, "required": [FREE_FORM]});
    Raw::write(&text).unwrap_or_else(|| schema::of_tool(None, &mut Lost::nothing()))
}

/// The tools that the conversation speaks of, without knowing more than their names.
fn of_history<'r>(request: &'r Request<'_>) -> Vec<Tool<'r>> {
    let mut seen = HashSet::new();
    let parts = request.turns.iter().flat_map(|turn| &turn.parts);
    parts
        .filter_map(|part| match part {
            Part::ToolCall(call) if seen.insert(call.name.as_str()) => Some(Tool::Function {
                name: &call.name,
                description: None,
                input_schema: schema::of_tool(None, &mut Lost::nothing()),
                strict: None,
                cache_control: None,
            }),
            _ => None,
        })
        .collect()
}

/// Writes whether the model must ask for a tool. `tools`: there are some.
pub(super) fn choice<'r>(
    request: &'r Request<'_>,
    model: &Model,
    tools: &[Tool<'_>],
    lost: &mut Lost,
) -> Option<Choice<'r>> {
    let none = Choice { kind: "none", name: None, disable_parallel_tool_use: None };
    let asked = request.tool_choice.as_ref();
    if request.tools.is_empty() || tools.is_empty() {
        lost.add_if(asked.is_some_and(|asked| !matches!(asked, ToolChoice::Auto | ToolChoice::None)), "tool_choice");
        return (!tools.is_empty()).then_some(none); // those of the history
    }
    let named = |name: &str| tools.iter().any(|tool| tool.is_called(name));
    let (mut kind, mut name) = match asked {
        None | Some(ToolChoice::Auto | ToolChoice::Among { required: false, .. }) => ("auto", None),
        Some(ToolChoice::None) => return Some(none),
        Some(ToolChoice::Required | ToolChoice::Among { required: true, .. }) => ("any", None),
        Some(ToolChoice::Named(name)) => ("tool", Some(name.as_str())),
    };
    let refused = model.forced_tools == Forced::Never && kind != "auto";
    if refused || name.is_some_and(|name| !named(name)) {
        lost.add("tool_choice");
        (kind, name) = ("auto", None);
    }
    let disable_parallel_tool_use = (request.parallel_tools == Some(false)).then_some(true);
    // `auto` is what goes without saying.
    let said = asked.is_some() || disable_parallel_tool_use.is_some();
    said.then_some(Choice { kind, name, disable_parallel_tool_use })
}

impl Tool<'_> {
    fn is_called(&self, wanted: &str) -> bool {
        match self {
            Self::Function { name, .. } => *name == wanted,
            Self::Hosted(json) => {
                #[derive(serde::Deserialize)]
                struct Named<'a> {
                    #[serde(borrow)]
                    name: Option<crate::canonical::Str<'a>>,
                }
                json.read::<Named<'_>>().is_ok_and(|named| named.name.is_some_and(|name| name == wanted))
            }
        }
    }
}
