//! A client's request, member by member.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::OWN;
use super::super::wire::at;
use super::{input, tools};
use crate::canonical::{Fault, FaultKind, Foreign, Format, Part, Raw, Request, Role, Str, Thinking, Turn};
use crate::dialect::codec::Asked;
use crate::dialect::wire::{Members, read_client};

/// Members that say where the rest of the request is: at the provider.
const STATE: [&str; 4] = ["previous_response_id", "conversation", "prompt", "background"];

/// Which member of a request, if any, makes it one that no provider of another dialect can answer, and none but the
/// one that keeps what it speaks of.
pub fn stateful<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    let parts = request.turns.iter().flat_map(|turn| &turn.parts).filter_map(|part| match part {
        Part::Foreign(foreign) if foreign.kind == "item_reference" => Some(foreign),
        _ => None,
    });
    let members = request.others.iter().filter(|other| STATE.contains(&other.kind.as_str()));
    members.chain(parts).find(|foreign| foreign.dialect == OWN).map(|foreign| foreign.kind.as_str())
}

/// Reads a request.
pub(in super::super) fn read<'a>(body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
    let members: Members<'_> = read_client(body)?;
    let mut request = Request {
        model: asked.model.unwrap_or_default().into(),
        stream: asked.stream,
        usage_in_stream: true,
        ..Request::default()
    };
    let mut instructions = None;
    for (name, raw) in members.0 {
        // Always borrowed: it was just read from `body`.
        let value: Option<&'a RawValue> = raw.source().and_then(|text| serde_json::from_str(text).ok());
        match value {
            Some(value) if !raw.is_null() => member(&mut request, &mut instructions, name, value)?,
            _ => {}
        }
    }
    if let Some(text) = instructions {
        request.turns.insert(0, Turn { role: Role::System, parts: vec![Part::text(text)], name: None });
    }
    if request.model.is_empty() {
        return Err(Fault::new(FaultKind::BadRequest, "`model`: missing"));
    }
    Ok(request)
}

fn member<'a>(
    request: &mut Request<'a>,
    instructions: &mut Option<Str<'a>>,
    name: Str<'a>,
    raw: &'a RawValue,
) -> Result<(), Fault> {
    let place = || name.to_string();
    macro_rules! value {
        () => {
            Some(at(raw, &place)?)
        };
    }
    match name.as_str() {
        "model" => request.model = at(raw, &place)?,
        "stream" => request.stream = at(raw, &place)?,
        "instructions" => match at::<Str<'_>>(raw, &place) {
            Ok(text) => *instructions = Some(text).filter(|text| !text.is_empty()),
            // Also a list of items: what a reply repeats of a stored prompt.
            Err(fault) => {
                request.turns.splice(0..0, input::read(raw, "instructions").map_err(|_| fault)?).for_each(drop)
            }
        },
        "input" => request.turns.extend(input::read(raw, "input")?),
        "tools" => request.tools = tools::read(raw)?,
        "tool_choice" => tools::read_choice(request, name, raw)?,
        "parallel_tool_calls" => request.parallel_tools = value!(),
        "text" => text(request, raw)?,
        "reasoning" => reasoning(request, raw)?,
        "max_output_tokens" => request.max_tokens = value!(),
        "temperature" => request.temperature = value!(),
        "top_p" => request.top_p = value!(),
        "presence_penalty" => request.presence_penalty = value!(),
        "frequency_penalty" => request.frequency_penalty = value!(),
        "top_logprobs" => request.top_logprobs = value!(),
        "user" => request.user = value!(),
        "safety_identifier" if request.user.is_none() => request.user = value!(),
        "metadata" => request.metadata = Some(raw.into()),
        "service_tier" => request.service_tier = value!(),
        "store" => request.store = value!(),
        "prompt_cache_key" => request.cache_key = value!(),
        "include" => include(request, raw)?,
        "background" if raw.get() == "false" => {}
        "truncation" if raw.get() == "\"disabled\"" => {}
        "stream_options" => {} // obfuscation, which only makes sense at the vendor's own door
        _ => request.others.push(other(name, raw)),
    }
    Ok(())
}

fn other<'a>(kind: Str<'a>, raw: &'a RawValue) -> Foreign<'a> {
    Foreign { dialect: OWN, kind, json: raw.into() }
}

/// `text`: form and wordiness.
fn text<'a>(request: &mut Request<'a>, raw: &'a RawValue) -> Result<(), Fault> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Wire<'a> {
        #[serde(borrow)]
        format: Option<Form<'a>>,
        #[serde(borrow)]
        verbosity: Option<Str<'a>>,
    }
    #[derive(Deserialize)]
    struct Form<'a> {
        #[serde(rename = "type", borrow)]
        kind: Str<'a>,
        #[serde(borrow, default)]
        name: Option<Str<'a>>,
        #[serde(borrow, default)]
        description: Option<Str<'a>>,
        #[serde(borrow, default)]
        schema: Option<&'a RawValue>,
        #[serde(default)]
        strict: Option<bool>,
    }
    let wire: Wire<'_> = at(raw, &|| "text".to_owned())?;
    request.verbosity = wire.verbosity;
    let Some(form) = wire.format else { return Ok(()) };
    request.format = Some(match (&*form.kind, form.schema) {
        ("text", _) => Format::Text,
        ("json_schema", Some(schema)) => Format::JsonSchema {
            name: form.name,
            description: form.description,
            schema: schema.into(),
            strict: form.strict,
        },
        ("json_object" | "json_schema", _) => Format::JsonObject,
        (kind, _) => {
            return Err(Fault::new(FaultKind::BadRequest, format!("`text.format.type`: unknown format `{kind}`")));
        }
    });
    Ok(())
}

/// `reasoning`: how much, and what is shown of it. What else is in it is kept for a target of this dialect.
fn reasoning<'a>(request: &mut Request<'a>, raw: &'a RawValue) -> Result<(), Fault> {
    let place = || "reasoning".to_owned();
    let members: Members<'_> = at(raw, &place)?;
    let thinking: &mut Thinking<'a> = &mut request.reasoning;
    for (name, value) in members.0 {
        let Some(value) = value.source().filter(|text| *text != "null") else { continue };
        let Ok(value) = serde_json::from_str::<&'a RawValue>(value) else { continue };
        let place = || format!("reasoning.{name}");
        match name.as_str() {
            "effort" => {
                let effort: Str<'_> = at(value, &place)?;
                thinking.off = effort == "none";
                thinking.effort = Some(effort).filter(|effort| effort != "none");
            }
            "summary" => thinking.summary = Some(at(value, &place)?),
            // Its older name.
            "generate_summary" if thinking.summary.is_none() => thinking.summary = Some(at(value, &place)?),
            _ => request.others.push(other(place().into(), value)),
        }
    }
    Ok(())
}

/// `include`: what is to be in the reply beside the answer. Encrypted thoughts are asked for in any case.
fn include<'a>(request: &mut Request<'a>, raw: &'a RawValue) -> Result<(), Fault> {
    let wanted: Vec<Str<'_>> = at(raw, &|| "include".to_owned())?;
    let mut rest = Vec::new();
    for one in &wanted {
        match one.as_str() {
            "message.output_text.logprobs" => request.logprobs = Some(true),
            "reasoning.encrypted_content" => {}
            _ => rest.push(one),
        }
    }
    if let Some(json) = Raw::write(&rest).filter(|_| !rest.is_empty()) {
        request.others.push(Foreign { dialect: OWN, kind: "include".into(), json });
    }
    Ok(())
}
