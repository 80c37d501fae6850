//! Items into turns.

use serde_json::value::RawValue;

use super::super::OWN;
use super::super::carried;
use super::super::content;
use super::super::wire::{Item, Shape, at, text_of};
use crate::canonical::{Fault, FaultKind, Foreign, Part, Raw, Reasoning, Role, ToolCall, ToolResult, Turn, made_up_id};

/// The turns that a list of items is, or a text that stands for the user's only one.
pub(super) fn read<'a>(raw: &'a RawValue, member: &str) -> Result<Vec<Turn<'a>>, Fault> {
    let items = match Shape::of(raw) {
        Shape::Text(text) => {
            return Ok(vec![Turn { role: Role::User, parts: vec![Part::text(text)], name: None }]);
        }
        Shape::List(items) => items,
        Shape::Other(item) if item.get().starts_with('{') => vec![item],
        Shape::Other(_) => {
            return Err(Fault::new(
                FaultKind::BadRequest,
                format!("`{member}`: a string or a list of items is expected"),
            ));
        }
    };
    let mut turns = Turns::default();
    for (index, item) in (0..).zip(items) {
        turns.add(index, item, &|| format!("{member}[{index}]"))?;
    }
    Ok(turns.done)
}

#[derive(Default)]
struct Turns<'a> {
    done: Vec<Turn<'a>>,
    /// The last turn holds nothing but tools' outputs, and takes more of them.
    results: bool,
}

impl<'a> Turns<'a> {
    fn add(&mut self, index: usize, raw: &'a RawValue, place: &dyn Fn() -> String) -> Result<(), Fault> {
        if let Shape::Text(text) = Shape::of(raw) {
            self.message(Role::User, vec![Part::text(text)]);
            return Ok(());
        }
        let item: Item<'_> = at(raw, place)?;
        let kind = item.kind.as_deref().unwrap_or("message");
        match kind {
            "message" => {
                let role = role(item.role.as_deref().unwrap_or("user"), place)?;
                let parts = content::read(item.content, &|| format!("{}.content", place()))?;
                self.message(role, parts);
            }
            "function_call" | "custom_tool_call" => {
                let call = call(item, index);
                self.assistant().push(Part::ToolCall(call));
            }
            "function_call_output" | "custom_tool_call_output" => {
                let free_form = kind == "custom_tool_call_output";
                let (parts, json) = output(item.output, &|| format!("{}.output", place()))?;
                let id = item.call_id.unwrap_or_default();
                let name = item.name.filter(|name| !name.is_empty());
                let result = ToolResult { id, name, parts, json, is_error: false, free_form, cache: None };
                self.result(Part::ToolResult(result));
            }
            "reasoning" => {
                let (text, summary) = content::thoughts(item.content, item.summary);
                let thoughts = Reasoning { text, summary, id: item.id, ..Reasoning::default() };
                carried::add(self.assistant(), thoughts, item.encrypted_content);
            }
            _ => {
                let foreign = Foreign { dialect: OWN, kind: kind.to_owned().into(), json: Raw::from(raw) };
                let part = Part::Foreign(foreign);
                match item.role.as_deref() {
                    Some(name) => self.message(role(name, place)?, vec![part]),
                    None if kind.ends_with("_output") || kind == "mcp_approval_response" => self.result(part),
                    None => self.assistant().push(part),
                }
            }
        }
        Ok(())
    }

    fn message(&mut self, role: Role, parts: Vec<Part<'a>>) {
        if role == Role::Assistant {
            self.assistant().extend(parts);
        } else {
            self.results = false;
            self.done.push(Turn { role, parts, name: None });
        }
    }

    /// The parts of the assistant's turn that goes on here.
    fn assistant(&mut self) -> &mut Vec<Part<'a>> {
        self.results = false;
        self.last(Role::Assistant)
    }

    fn result(&mut self, part: Part<'a>) {
        if !std::mem::replace(&mut self.results, true) {
            self.done.push(Turn { role: Role::User, parts: Vec::new(), name: None });
        }
        self.last(Role::User).push(part);
    }

    fn last(&mut self, role: Role) -> &mut Vec<Part<'a>> {
        if self.done.last().is_none_or(|turn| turn.role != role) {
            self.done.push(Turn { role, parts: Vec::new(), name: None });
        }
        let last = self.done.len().saturating_sub(1);
        &mut self.done[last].parts
    }
}

fn role(name: &str, place: &dyn Fn() -> String) -> Result<Role, Fault> {
    Ok(match name {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        "developer" => Role::Developer,
        _ => return Err(Fault::new(FaultKind::BadRequest, format!("`{}.role`: unknown role `{name}`", place()))),
    })
}

/// A call of the client's tool.
pub(in super::super) fn call<'a>(item: Item<'a>, index: usize) -> ToolCall<'a> {
    let free_form = item.kind.as_deref() == Some("custom_tool_call");
    let id = item.call_id.filter(|id| !id.is_empty()).or(item.id).filter(|id| !id.is_empty());
    ToolCall {
        id: id.unwrap_or_else(|| made_up_id("", index).into()),
        name: item.name.unwrap_or_default(),
        arguments: text_of(if free_form { item.input.or(item.arguments) } else { item.arguments }),
        free_form,
        signature: None,
        cache: None,
    }
}

/// What a tool said: text, parts, or (from careless clients) a bare JSON value.
fn output<'a>(
    raw: Option<&'a RawValue>,
    place: &dyn Fn() -> String,
) -> Result<(Vec<Part<'a>>, Option<Raw<'a>>), Fault> {
    let Some(raw) = raw else { return Ok((Vec::new(), None)) };
    match Shape::of(raw) {
        Shape::List(list) if list.iter().all(|piece| piece.get().contains("\"type\"")) => {
            Ok((content::read(Some(raw), place)?, None))
        }
        Shape::List(_) | Shape::Other(_) => {
            let json = Some(Raw::from(raw)).filter(Raw::is_object);
            Ok((vec![Part::text(raw.get())], json))
        }
        Shape::Text(text) => Ok((vec![Part::text(text)], None)),
    }
}
