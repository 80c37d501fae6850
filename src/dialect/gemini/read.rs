//! A client's request, read.

use serde::Deserialize;

use super::names::camel;
use super::parts::{self, Ids};
use super::read_settings::{read_config, read_tool, read_tool_config};
use super::{usage, wire};
use crate::canonical::{
    Dialect, Fault, FaultKind, Foreign, Part, Raw, Reasoning, Request, Role, Str, ToolResult, Turn, Waiting,
};
use crate::dialect::codec::Asked;
use crate::dialect::wire::{Content, List, Members, read_client};

/// Reads the body of generateContent, or of countTokens.
pub(super) fn read<'a>(body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
    let mut request = Request { stream: asked.stream, ..Request::default() };
    // It is Google's to say how much was used, and it always does.
    request.usage_in_stream = true;
    read_into(read_client(body)?, &mut request)?;
    if let Some(model) = asked.model {
        request.model = Str::new(model);
    }
    let name = request.model.strip_prefix("models/").map(str::to_owned);
    if let Some(name) = name {
        request.model = name.into();
    }
    Ok(request)
}

fn read_into<'a>(members: Members<'a>, request: &mut Request<'a>) -> Result<(), Fault> {
    let mut system = None;
    let mut turns = Vec::new();
    for (name, json) in members.0 {
        let name = camel(&name).into_owned();
        if json.is_null() {
            continue;
        }
        match &*name {
            "model" => request.model = member(&name, json)?,
            "contents" => turns = read_contents(member::<List<wire::Content<'a>>>(&name, json)?.0)?,
            "systemInstruction" => system = read_system(member(&name, json)?),
            "tools" => {
                for (index, tool) in member::<List<Members<'a>>>(&name, json)?.0.into_iter().enumerate() {
                    read_tool(tool, index, &mut request.tools)?;
                }
            }
            "toolConfig" => read_tool_config(member(&name, json)?, request)?,
            "generationConfig" => read_config(member(&name, json)?, request)?,
            "labels" => request.metadata = Some(json),
            "serviceTier" => request.service_tier = usage::read_tier(member(&name, json)?),
            "store" => request.store = Some(member(&name, json)?),
            // Of countTokens: the request whose tokens are to be counted.
            "generateContentRequest" => read_into(member(&name, json)?, request)?,
            _ => request.others.push(foreign(name, json)),
        }
    }
    if !turns.is_empty() || system.is_some() {
        request.turns = system.into_iter().chain(turns).collect();
    }
    Ok(())
}

/// The value of the member `name`; what is wrong with it is told with its place in the whole.
pub(super) fn member<'a, T: Deserialize<'a>>(name: &str, json: Raw<'a>) -> Result<T, Fault> {
    let text = match json.into_str().0 {
        std::borrow::Cow::Borrowed(text) => text,
        // What is read from a document borrows from it.
        std::borrow::Cow::Owned(_) => return Err(Fault::new(FaultKind::Internal, "a member of no document")),
    };
    read_client(text.as_bytes()).map_err(|mut fault| {
        let inner =
            fault.message.strip_prefix('`').map(str::to_owned).unwrap_or_else(|| format!(".`: {}", fault.message));
        let inner = inner.strip_prefix(".`").map_or_else(|| inner.clone(), |rest| format!("`{rest}"));
        let dot = if inner.starts_with(['[', '`']) { "" } else { "." };
        fault.message = format!("`{name}{dot}{inner}").into();
        fault
    })
}

pub(super) fn foreign<'a>(kind: String, json: Raw<'a>) -> Foreign<'a> {
    Foreign { dialect: Dialect::Gemini, kind: kind.into(), json }
}

fn read_system<'a>(content: Content<'a, wire::Content<'a>>) -> Option<Turn<'a>> {
    let parts: Vec<Part<'a>> = match content {
        Content::Nothing => return None,
        Content::Text(text) => vec![Part::text(text)],
        Content::Parts(contents) => {
            let mut ids = Ids::new("system");
            let parts = contents.into_iter().flat_map(|content| content.parts.0);
            parts.filter_map(|part| parts::read(part, &mut ids)).collect()
        }
    };
    (!parts.is_empty()).then_some(Turn { role: Role::System, parts, name: None })
}

fn read_contents<'a>(contents: Vec<wire::Content<'a>>) -> Result<Vec<Turn<'a>>, Fault> {
    let mut turns = Vec::with_capacity(contents.len());
    // The calls of the model's last turn that have no result yet: their ids.
    let mut open: Waiting<'a, Str<'a>> = Waiting::default();
    for (index, content) in contents.into_iter().enumerate() {
        let role = match content.role.as_deref() {
            None | Some("" | "user" | "function" | "tool") => Role::User,
            Some("model") => Role::Assistant,
            Some(_) => {
                let message = format!("`contents[{index}].role`: please use a valid role: user, model");
                return Err(Fault::new(FaultKind::BadRequest, message));
            }
        };
        let mut ids = Ids::new(format!("contents[{index}]"));
        if role == Role::Assistant {
            open = Waiting::default();
        }
        let mut parts = Vec::with_capacity(content.parts.0.len());
        for part in content.parts.0 {
            let Some(mut part) = parts::read(part, &mut ids) else { continue };
            match &mut part {
                Part::ToolCall(call) => {
                    open.add(call.id.clone(), call.id.clone());
                    open.of(call.name.clone());
                }
                Part::ToolResult(result) => pair(result, &mut open, &mut ids),
                Part::Reasoning(thought) => join(&mut parts, thought),
                _ => {}
            }
            parts.push(part);
        }
        turns.push(Turn { role, parts, name: None });
    }
    Ok(turns)
}

/// Puts the pieces before it onto a thought that another dialect signed. Clients send back what a stream told as they
/// got it, piece by piece; but that proof is of the whole.
fn join<'a>(parts: &mut Vec<Part<'a>>, thought: &mut Reasoning<'a>) {
    if thought.redacted || thought.signature.as_ref().is_none_or(|signature| signature.from == Dialect::Gemini) {
        return;
    }
    let piece = |part: &Part<'a>| matches!(part, Part::Reasoning(piece) if piece.signature.is_none());
    let first = parts.iter().rposition(|part| !piece(part)).map_or(0, |other| other + 1);
    let mut text = String::new();
    for part in parts.drain(first..) {
        if let Part::Reasoning(piece) = part {
            text.push_str(&piece.text);
        }
    }
    if !text.is_empty() {
        text.push_str(&thought.text);
        thought.text = text.into();
    }
}

/// Finds the call that a result answers: by id, else the first of that name, else the first of all.
fn pair<'a>(result: &mut ToolResult<'a>, open: &mut Waiting<'a, Str<'a>>, ids: &mut Ids) {
    let found = open.take(&result.id).or_else(|| match &result.name {
        Some(name) => open.take_of(name),
        None => open.take_first(),
    });
    match found {
        Some(id) => result.id = id,
        None if result.id.is_empty() => result.id = ids.name(None),
        None => {}
    }
}
