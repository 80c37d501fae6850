//! How a client wants to be answered: `tools`, `toolConfig` and `generationConfig`, read.

use serde::Deserialize;

use super::names::camel;
use super::read::{foreign, member};
use super::{json_schema, wire};
use crate::canonical::{Fault, Format, Function, Raw, Request, Str, Thinking, Tool, ToolChoice};
use crate::dialect::wire::{List, Members};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow)]
    description: Option<Str<'a>>,
    #[serde(borrow)]
    parameters: Option<Raw<'a>>,
    #[serde(borrow, alias = "parameters_json_schema")]
    parameters_json_schema: Option<Raw<'a>>,
}

pub(super) fn read_tool<'a>(tool: Members<'a>, index: usize, tools: &mut Vec<Tool<'a>>) -> Result<(), Fault> {
    for (name, json) in tool.0 {
        let name = camel(&name).into_owned();
        if json.is_null() {
            continue;
        }
        if name != "functionDeclarations" {
            tools.push(Tool::Foreign(foreign(name, json)));
            continue;
        }
        for declared in member::<List<Declaration<'a>>>(&format!("tools[{index}].{name}"), json)?.0 {
            let parameters = match (declared.parameters_json_schema, declared.parameters) {
                (Some(schema), _) => Some(schema),
                (None, schema) => schema.map(json_schema::from_openapi),
            };
            let Declaration { name, description, .. } = declared;
            tools.push(Tool::Function(Function { name, description, parameters, ..Function::default() }));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Calling<'a> {
    #[serde(borrow)]
    mode: Option<wire::Word<'a>>,
    #[serde(borrow, default, alias = "allowed_function_names")]
    allowed_function_names: List<Str<'a>>,
}

pub(super) fn read_tool_config<'a>(config: Members<'a>, request: &mut Request<'a>) -> Result<(), Fault> {
    for (name, json) in config.0 {
        let name = camel(&name).into_owned();
        if json.is_null() {
            continue;
        }
        let place = format!("toolConfig.{name}");
        if name != "functionCallingConfig" {
            request.others.push(foreign(place, json));
            continue;
        }
        let Calling { mode, allowed_function_names: List(names) } = member(&place, json)?;
        let mode = mode.map(|mode| mode.name(&["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"]));
        request.tool_choice = match mode.map(|mode| mode.to_ascii_uppercase()).as_deref() {
            Some("NONE") => Some(ToolChoice::None),
            Some("ANY") => Some(match <[Str<'a>; 1]>::try_from(names) {
                Ok([name]) => ToolChoice::Named(name),
                Err(names) if names.is_empty() => ToolChoice::Required,
                Err(names) => ToolChoice::Among { names, required: true },
            }),
            Some("VALIDATED") => {
                if let Some(json) = Raw::write(&"VALIDATED") {
                    request.others.push(foreign("toolConfig.functionCallingConfig.mode".to_owned(), json));
                }
                let auto = names.is_empty();
                Some(if auto { ToolChoice::Auto } else { ToolChoice::Among { names, required: false } })
            }
            Some("AUTO") => Some(ToolChoice::Auto),
            _ => None,
        };
    }
    Ok(())
}

/// The form of the answer is said by several members together.
#[derive(Default)]
struct Form<'a> {
    mime: Option<Str<'a>>,
    schema: Option<Raw<'a>>,
}

pub(super) fn read_config<'a>(config: Members<'a>, request: &mut Request<'a>) -> Result<(), Fault> {
    let mut form = Form::default();
    for (name, json) in config.0 {
        let name = camel(&name).into_owned();
        if json.is_null() {
            continue;
        }
        let place = format!("generationConfig.{name}");
        let number = |json| member::<wire::Num>(&place, json).map(|number| Some(number.0));
        let count = |json| member::<wire::Num>(&place, json).map(|number| number.count());
        match &*name {
            "temperature" => request.temperature = number(json)?,
            "topP" => request.top_p = number(json)?,
            // Some write `40.0`.
            "topK" => request.top_k = count(json)?.map(Into::into),
            "seed" => request.seed = number(json)?,
            "presencePenalty" => request.presence_penalty = number(json)?,
            "frequencyPenalty" => request.frequency_penalty = number(json)?,
            "maxOutputTokens" => request.max_tokens = count(json)?,
            "candidateCount" => request.n = count(json)?,
            "logprobs" => request.top_logprobs = count(json)?,
            "responseLogprobs" => request.logprobs = Some(member(&place, json)?),
            "stopSequences" => request.stop = member::<List<Str<'a>>>(&place, json)?.0,
            "responseMimeType" => form.mime = Some(member(&place, json)?),
            "responseSchema" => form.schema = form.schema.or(Some(json_schema::from_openapi(json))),
            "responseJsonSchema" | "_responseJsonSchema" => form.schema = Some(json),
            "thinkingConfig" => request.reasoning = read_thinking(member(&place, json)?),
            _ => request.others.push(foreign(place, json)),
        }
    }
    read_form(form, request);
    Ok(())
}

fn read_form<'a>(form: Form<'a>, request: &mut Request<'a>) {
    let Form { mime, schema } = form;
    request.format = match (mime.as_deref(), schema) {
        (None, None) => None,
        (Some("text/plain"), None) => Some(Format::Text),
        (Some("application/json"), None) => Some(Format::JsonObject),
        (Some("application/json") | None, Some(schema)) => {
            Some(Format::JsonSchema { name: None, description: None, schema, strict: None })
        }
        // `text/x.enum` and what is yet to come.
        (Some(mime), schema) => {
            if let Some(json) = Raw::write(&mime) {
                request.others.push(foreign("generationConfig.responseMimeType".to_owned(), json));
            }
            if let Some(schema) = schema {
                request.others.push(foreign("generationConfig.responseJsonSchema".to_owned(), schema));
            }
            None
        }
    };
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thoughts<'a> {
    #[serde(alias = "thinking_budget")]
    thinking_budget: Option<wire::Num>,
    #[serde(borrow, alias = "thinking_level")]
    thinking_level: Option<wire::Word<'a>>,
    #[serde(alias = "include_thoughts")]
    include_thoughts: Option<bool>,
}

fn read_thinking<'a>(thoughts: Thoughts<'a>) -> Thinking<'a> {
    // Unless asked for, thoughts are not shown.
    let shown = if thoughts.include_thoughts == Some(true) { "auto" } else { "none" };
    let mut thinking = Thinking { summary: Some(Str::new(shown)), ..Thinking::default() };
    let level = thoughts.thinking_level.map(|level| level.name(&["", "low", "high"]).to_ascii_lowercase());
    match (level, thoughts.thinking_budget) {
        (Some(level), _) if !level.is_empty() && level != "thinking_level_unspecified" => {
            thinking.effort = Some(level.into());
        }
        (_, Some(budget)) => match budget.count() {
            Some(0) => thinking.off = true,
            Some(budget) => thinking.budget = Some(budget),
            None => thinking.adaptive = true,
        },
        _ => {}
    }
    thinking
}
