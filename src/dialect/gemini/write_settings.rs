//! How the answer is to be: `tools`, `toolConfig` and `generationConfig`, written.

use super::generation::{Generation, Thinks};
use super::out::{Object, comma};
use super::schema::to_openapi;
use crate::canonical::{Dialect, Format, Function, Lost, Request, Thinking, Tool, ToolChoice, effort};

/// Google takes no more.
const MOST_STOPS: usize = 5;

/// In which form the answer is to come.
pub(super) struct Answer<'r> {
    format: Option<&'r Format<'r>>,
    /// What the model is told about it, where it cannot be made to.
    pub(super) in_words: Option<String>,
}

impl<'r> Answer<'r> {
    pub(super) fn of(request: &'r Request<'r>, generation: Generation, lost: &mut Lost) -> Self {
        let format = request.format.as_ref();
        let may_call = request.functions().next().is_some() && request.tool_choice != Some(ToolChoice::None);
        let in_words = match format {
            Some(Format::JsonObject) => "Answer with a JSON object and nothing else.".to_owned(),
            Some(Format::JsonSchema { schema, .. }) => {
                format!("Answer with nothing else than JSON that follows this schema: {}", schema.as_str())
            }
            None | Some(Format::Text) => return Self { format, in_words: None },
        };
        if generation.json_with_functions || !may_call {
            return Self { format, in_words: None };
        }
        lost.add("response_format");
        Self { format: None, in_words: Some(in_words) }
    }
}

/// Writes `tools` and `toolConfig`.
pub(super) fn tools(object: &mut Object<'_>, request: &Request<'_>, generation: Generation, lost: &mut Lost) {
    let own = |tool: &&Tool<'_>| match tool {
        Tool::Function(_) => true,
        Tool::Foreign(foreign) => foreign.dialect == Dialect::Gemini,
    };
    for tool in request.tools.iter().filter(|tool| !own(tool)) {
        if let Tool::Foreign(foreign) = tool {
            lost.add_tool(foreign);
        }
    }
    if request.tools.iter().any(|tool| own(&tool)) {
        let out = object.key("tools");
        out.push(b'[');
        let mut first = true;
        if request.functions().next().is_some() {
            comma(out, &mut first);
            write_functions(out, request, generation, lost);
        }
        for tool in &request.tools {
            if let Tool::Foreign(foreign) = tool
                && foreign.dialect == Dialect::Gemini
            {
                comma(out, &mut first);
                let mut tool = Object::begin(out);
                tool.raw(&foreign.kind, foreign.json.as_str());
                tool.end();
            }
        }
        out.push(b']');
    }
    write_tool_config(object, request, lost);
}

fn write_functions(out: &mut Vec<u8>, request: &Request<'_>, generation: Generation, lost: &mut Lost) {
    let mut tool = Object::begin(out);
    let out = tool.key("functionDeclarations");
    out.push(b'[');
    let mut first = true;
    for function in request.functions() {
        comma(out, &mut first);
        write_function(out, function, generation, lost);
    }
    out.push(b']');
    tool.end();
}

fn write_function(out: &mut Vec<u8>, function: &Function<'_>, generation: Generation, lost: &mut Lost) {
    lost.add_if(function.strict == Some(true), "tools.strict");
    lost.add_if(function.cache.is_some(), "cache_control");
    let mut declaration = Object::begin(out);
    declaration.text("name", &function.name);
    if let Some(description) = &function.description {
        declaration.text("description", description);
    }
    if function.free_form.is_some() {
        lost.add("tools.custom");
        let schema = r#"{"type":"OBJECT","properties":{"input":{"type":"STRING"}},"required":["input"]}"#;
        declaration.raw("parameters", schema);
    } else if let Some(schema) = function.parameters.as_ref().filter(|schema| !says_nothing(schema.as_str())) {
        if generation.json_schema {
            declaration.raw("parametersJsonSchema", schema.as_str());
        } else {
            let schema = to_openapi(schema, false, lost);
            // An object of nothing is refused; to say nothing is how a function without arguments is declared.
            if schema.tree().get("properties").is_some_and(|all| all.as_object().is_some_and(|all| !all.is_empty())) {
                declaration.raw("parameters", schema.as_str());
            }
        }
    }
    declaration.end();
}

/// `{}`, `null` and the like.
fn says_nothing(schema: &str) -> bool {
    !schema.starts_with('{') || !schema.contains('"')
}

fn write_tool_config(object: &mut Object<'_>, request: &Request<'_>, lost: &mut Lost) {
    let others = || own_others(request, "toolConfig.");
    let choice = request.tool_choice.as_ref();
    let known = request.functions_by_name();
    let has_functions = !known.is_empty();
    let (mode, names): (_, Vec<&str>) = match choice {
        Some(ToolChoice::Auto) => ("AUTO", Vec::new()),
        Some(ToolChoice::None) => ("NONE", Vec::new()),
        Some(ToolChoice::Required) => ("ANY", Vec::new()),
        Some(ToolChoice::Named(name)) => ("ANY", vec![name.as_str()]),
        Some(ToolChoice::Among { names, required }) => {
            (if *required { "ANY" } else { "VALIDATED" }, names.iter().map(|name| name.as_str()).collect())
        }
        None => ("", Vec::new()),
    };
    let wanted = names.len();
    let names: Vec<_> = names.into_iter().filter(|name| known.contains_key(name)).collect();
    // Google refuses names that it was not told, and any choice where there is nothing to choose.
    lost.add_if(names.len() < wanted, "tool_choice");
    lost.add_if(!has_functions && mode == "ANY", "tool_choice");
    let says_mode = !mode.is_empty() && has_functions && !(wanted > 0 && names.is_empty());
    if !says_mode && others().all(|(name, _)| name.contains('.')) {
        return;
    }
    let mut config = object.object("toolConfig");
    if says_mode {
        let own = others().find(|(name, _)| *name == "functionCallingConfig.mode");
        let mut calling = config.object("functionCallingConfig");
        match own {
            Some((_, mode)) => calling.raw("mode", mode),
            None => calling.text("mode", mode),
        }
        if !names.is_empty() {
            calling.texts("allowedFunctionNames", names.into_iter());
        }
        calling.end();
    }
    for (name, json) in others().filter(|(name, _)| !name.contains('.')) {
        config.raw(name, json);
    }
    config.end();
}

/// The members below `prefix` that only this dialect knows.
fn own_others<'r>(request: &'r Request<'_>, prefix: &'static str) -> impl Iterator<Item = (&'r str, &'r str)> {
    let own = request.others.iter().filter(|other| other.dialect == Dialect::Gemini);
    own.filter_map(move |other| Some((other.kind.strip_prefix(prefix)?, other.json.as_str())))
}

/// Writes `generationConfig`, if there is anything to say.
pub(super) fn generation_config(
    object: &mut Object<'_>,
    request: &Request<'_>,
    answer: &Answer<'_>,
    generation: Generation,
    lost: &mut Lost,
) {
    let mut json = Vec::new();
    let mut config = Object::begin(&mut json);
    let numbers = [
        ("temperature", &request.temperature),
        ("topP", &request.top_p),
        ("topK", &request.top_k),
        ("seed", &request.seed),
        ("presencePenalty", &request.presence_penalty),
        ("frequencyPenalty", &request.frequency_penalty),
    ];
    for (name, value) in numbers {
        match (value, name) {
            // A whole number, though some write `40.0`.
            (Some(value), "topK") => match super::wire::Num(value.clone()).count() {
                Some(count) => config.number(name, count),
                None => lost.add("top_k"),
            },
            // 32 bits.
            (Some(value), "seed") if value.as_i64().is_none_or(|seed| i32::try_from(seed).is_err()) => lost.add("seed"),
            (Some(value), _) => config.any_number(name, value),
            (None, _) => {}
        }
    }
    if let Some(most) = request.max_tokens {
        config.number("maxOutputTokens", most.min(i32::MAX as u64));
    }
    if let Some(count) = request.n.filter(|count| *count > 1) {
        config.number("candidateCount", count);
    }
    let mut stops: Vec<&str> = Vec::new();
    for stop in request.stop.iter().map(|stop| stop.as_str()) {
        if !stop.is_empty() && stops.len() <= MOST_STOPS && !stops.contains(&stop) {
            stops.push(stop);
        }
    }
    lost.add_if(stops.len() > MOST_STOPS, "stop");
    if !stops.is_empty() {
        config.texts("stopSequences", stops.into_iter().take(MOST_STOPS));
    }
    if let Some(wanted) = request.logprobs {
        config.bool("responseLogprobs", wanted);
    }
    if let Some(count) = request.top_logprobs.filter(|_| request.logprobs != Some(false)) {
        config.number("logprobs", count);
    }
    write_format(&mut config, answer.format, generation, lost);
    write_thinking(&mut config, &request.reasoning, generation, lost);
    for (name, value) in own_others(request, "generationConfig.") {
        config.raw(name, value);
    }
    config.end();
    if json != b"{}" {
        object.key("generationConfig").extend_from_slice(&json);
    }
}

fn write_format(config: &mut Object<'_>, format: Option<&Format<'_>>, generation: Generation, lost: &mut Lost) {
    match format {
        None => {}
        Some(Format::Text) => config.text("responseMimeType", "text/plain"),
        Some(Format::JsonObject) => config.text("responseMimeType", "application/json"),
        Some(Format::JsonSchema { schema, .. }) => {
            config.text("responseMimeType", "application/json");
            if generation.json_schema {
                config.raw("responseJsonSchema", schema.as_str());
            } else {
                config.raw("responseSchema", to_openapi(schema, true, lost).as_str());
            }
        }
    }
}

fn write_thinking(config: &mut Object<'_>, thinking: &Thinking<'_>, generation: Generation, lost: &mut Lost) {
    let shown = match thinking.summary.as_deref() {
        Some("none") => Some(false),
        Some(_) => Some(true),
        // Whoever asks for thought gets to see it; who does not want to can pass over it.
        None => thinking.is_on().then_some(true),
    };
    let level = |word: Option<&str>, levels: &[&'static str]| {
        let word = if thinking.off { levels.first().copied() } else { effort::clamp(word?, levels) };
        word.map(str::to_ascii_uppercase)
    };
    let mut members: Vec<(&str, String)> = Vec::new();
    match generation.thinks {
        Thinks::No => {
            lost.add_if(thinking.is_on(), "reasoning");
            return;
        }
        Thinks::Level(levels) => {
            // There it cannot be turned off, only down.
            lost.add_if(thinking.off, "reasoning");
            if let Some(word) = level(thinking.as_effort(), levels) {
                members.push(("thinkingLevel", format!("\"{word}\"")));
            }
        }
        Thinks::Budget { least, most, off } => {
            let budget = match thinking.as_budget() {
                _ if thinking.off && off => Some("0".to_owned()),
                _ if thinking.off => {
                    lost.add("reasoning");
                    Some(least.to_string())
                }
                Some(budget) => Some(budget.clamp(least, most).to_string()),
                None => thinking.adaptive.then(|| "-1".to_owned()),
            };
            members.extend(budget.map(|budget| ("thinkingBudget", budget)));
        }
    }
    if let Some(shown) = shown.filter(|shown| *shown && !thinking.off || !members.is_empty()) {
        members.push(("includeThoughts", (shown && !thinking.off).to_string()));
    }
    if !members.is_empty() {
        let mut thoughts = config.object("thinkingConfig");
        members.iter().for_each(|(name, json)| thoughts.raw(name, json));
        thoughts.end();
    }
}
