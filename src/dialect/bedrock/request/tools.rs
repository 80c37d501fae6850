//! Tools, and whether the model must use them.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::DIALECT;
use super::super::blocks::{CachePoint, FREE_TEXT};
use super::super::models::Family;
use super::super::names::fitting_name;
use super::super::wire::Fields;
use super::cache;
use crate::canonical::{Function, Lost, Raw, Request, Str, Tool, ToolChoice};

/// `toolConfig`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig<'r> {
    tools: Vec<Entry<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Entry<'r> {
    ToolSpec {
        name: Str<'r>,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'r str>,
        input_schema: InputSchema<'r>,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
    SystemTool(&'r Raw<'r>),
    CachePoint(CachePoint),
}

#[derive(Serialize)]
struct InputSchema<'r> {
    json: Raw<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Choice<'r> {
    Auto {},
    Any {},
    Tool { name: Str<'r> },
}

impl ToolConfig<'_> {
    /// How many cache points it has.
    pub(super) fn cache_points(&self) -> usize {
        self.tools.iter().filter(|entry| matches!(entry, Entry::CachePoint(_))).count()
    }

    /// Claude's own way to say the choice, for what Converse has no word for: one call at a time.
    pub(super) fn take_choice_one_at_a_time(&mut self) -> serde_json::Value {
        let mut choice = match self.tool_choice.take() {
            None | Some(Choice::Auto {}) => serde_json::json!({"type": "auto"}),
            Some(Choice::Any {}) => serde_json::json!({"type": "any"}),
            Some(Choice::Tool { name }) => serde_json::json!({"type": "tool", "name": name.as_str()}),
        };
        choice["disable_parallel_tool_use"] = true.into();
        choice
    }
}

/// The tools that the model may use. Where the conversation has calls there have to be tools, too: one that says that
/// it is none stands there when they are taken away.
pub(super) fn write<'r>(
    request: &'r Request<'_>,
    family: Family,
    thinks: bool,
    lost: &mut Lost,
) -> Option<ToolConfig<'r>> {
    let mut tools = Vec::with_capacity(request.tools.len());
    let among = request.among();
    let offered = if request.tool_choice == Some(ToolChoice::None) { &[][..] } else { &request.tools };
    for tool in offered {
        match tool {
            Tool::Function(function) if among.as_ref().is_some_and(|names| !names.contains(&*function.name)) => {}
            Tool::Function(function) => {
                tools.push(entry(function, family, lost));
                if let Some(cache) = &function.cache {
                    let point = cache::point(cache, family, lost).filter(|_| family.caches_tools());
                    tools.extend(point.map(Entry::CachePoint));
                }
            }
            Tool::Foreign(foreign) if foreign.dialect == DIALECT => tools.push(Entry::SystemTool(&foreign.json)),
            Tool::Foreign(foreign) => lost.add_tool(foreign),
        }
    }
    if tools.is_empty() {
        let forced = matches!(&request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named(_)));
        lost.add_if(forced, "tool_choice");
        return request.has_tool_history().then(|| ToolConfig { tools: vec![placeholder()], tool_choice: None });
    }
    let tool_choice = choice(request, family, thinks, lost);
    Some(ToolConfig { tools, tool_choice })
}

fn placeholder() -> Entry<'static> {
    Entry::ToolSpec {
        name: Str::new("no_tool"),
        description: Some("There are no tools any more. Never call this one."),
        input_schema: InputSchema { json: any_object() },
        strict: None,
    }
}

fn any_object() -> Raw<'static> {
    Raw::parse(r#"{"type":"object","properties":{}}"#).unwrap_or_else(|| RawValue::NULL.into())
}

fn entry<'r>(function: &'r Function<'_>, family: Family, lost: &mut Lost) -> Entry<'r> {
    let strict = function.strict.filter(|strict| *strict);
    lost.add_if(strict.is_some() && !family.has_schemas(), "tools.strict");
    let json = match &function.free_form {
        None => match &function.parameters {
            Some(schema) => of_object_type(schema),
            None => any_object(),
        },
        Some(format) => {
            lost.add_if(format.as_str().contains("grammar"), "tools.custom.format");
            let schema = format!(
                r#"{{"type":"object","properties":{{"{FREE_TEXT}":{{"type":"string"}}}},"required":["{FREE_TEXT}"]}}"#
            );
            owned(schema)
        }
    };
    Entry::ToolSpec {
        name: fitting_name(&function.name),
        description: function.description.as_deref().filter(|text| !text.trim().is_empty()),
        input_schema: InputSchema { json },
        strict: strict.filter(|_| family.has_schemas()),
    }
}

fn owned(json: String) -> Raw<'static> {
    RawValue::from_string(json).map_or_else(|_| any_object(), Raw::from)
}

/// A schema has to say that it is of an object.
fn of_object_type<'r>(schema: &'r Raw<'_>) -> Raw<'r> {
    let Ok(Fields(members)) = schema.read::<Fields<'_>>() else { return any_object() };
    match members.iter().find(|(name, _)| name.as_str() == "type") {
        Some((_, kind)) if kind.get() == r#""object""# => schema.borrowed(),
        Some(_) => {
            let mut tree = schema.tree();
            tree["type"] = "object".into();
            Raw::write(&tree).unwrap_or_else(any_object)
        }
        None => {
            let rest = schema.as_str().trim_start_matches('{');
            let comma = if members.is_empty() { "" } else { "," };
            owned(format!(r#"{{"type":"object"{comma}{rest}"#))
        }
    }
}

fn choice<'r>(request: &'r Request<'_>, family: Family, thinks: bool, lost: &mut Lost) -> Option<Choice<'r>> {
    let (any, certain) = family.tool_choices();
    let named = |name: &Str<'_>| request.functions().any(|function| function.name == *name);
    let wanted = match request.tool_choice.as_ref()? {
        ToolChoice::None => return None,
        ToolChoice::Auto | ToolChoice::Among { required: false, .. } => return Some(Choice::Auto {}),
        ToolChoice::Named(name) if certain && named(name) => Choice::Tool { name: fitting_name(name) },
        ToolChoice::Named(name) if !named(name) => {
            lost.add("tool_choice");
            return None;
        }
        _ => Choice::Any {},
    };
    // Who thinks cannot be forced.
    if thinks || !any {
        lost.add("tool_choice");
        return None;
    }
    lost.add_if(matches!((&wanted, &request.tool_choice), (Choice::Any {}, Some(ToolChoice::Named(_)))), "tool_choice");
    Some(wanted)
}
