//! Turns as Converse wants them: user and assistant by turns, the user first, every call answered in the turn after it.

use std::collections::HashSet;

use serde::Serialize;

use super::super::DIALECT;
use super::super::blocks::{Block, Own};
use super::super::content::plain_words;
use super::super::media::Names;
use super::super::models::Family;
use super::super::names::{LONGEST, fitting_name};
use super::cache;
use crate::canonical::{
    Cache, Fault, FaultKind, Foreign, Lost, Media, MediaKind, Part, Reasoning, Request, Role, Source, Str, ToolCall,
    ToolResult, Turn, Waiting, fitting_id,
};

/// A message as it is written.
#[derive(Serialize)]
pub(super) struct Message<'r> {
    pub(super) role: &'static str,
    pub(super) content: Vec<Block<'r>>,
}

const USER: &str = "user";
const ASSISTANT: &str = "assistant";

/// The conversation as it is written.
pub(super) struct Turns<'r, 'l> {
    pub(super) system: Vec<Block<'r>>,
    pub(super) messages: Vec<Message<'r>>,
    family: Family,
    /// The calls of the last assistant's message that have no result yet, by the ids that are written.
    calls: Waiting<'r, Str<'r>>,
    /// All ids that are written in it.
    ids: HashSet<Str<'r>>,
    /// The names of documents so far.
    documents: Names,
    lost: &'l mut Lost,
}

/// Writes the turns of a request. `open_end`: the model may go on with an answer that the last turn begins.
pub(super) fn write<'r>(
    request: &'r Request<'_>,
    family: Family,
    open_end: bool,
    lost: &mut Lost,
) -> Result<(Vec<Block<'r>>, Vec<Message<'r>>), Fault> {
    let (system, messages) = (Vec::new(), Vec::with_capacity(request.turns.len()));
    let (calls, ids, documents) = (Waiting::default(), HashSet::new(), Names::new());
    let mut turns = Turns { system, messages, family, calls, ids, documents, lost };
    let (leading, rest) = request.turns.split_at(request.leading_system());
    leading.iter().for_each(|turn| turns.system_turn(turn));
    for (index, turn) in rest.iter().enumerate() {
        turns.lost.add_if(turn.name.is_some(), "messages.name");
        match turn.role {
            Role::System | Role::Developer => turns.late_system_turn(turn),
            Role::User => turns.user_turn(turn, index + 1 == rest.len())?,
            Role::Assistant => turns.assistant_turn(turn),
        }
    }
    turns.finish(open_end)?;
    Ok((turns.system, turns.messages))
}

impl<'r> Turns<'r, '_> {
    fn system_turn(&mut self, turn: &'r Turn<'_>) {
        for part in &turn.parts {
            match part {
                Part::Text(text) if !is_blank(&text.text) => {
                    self.system.push(Block::Text(text.text.borrowed()));
                    if let Some(point) = self.cache_point(text.cache.as_ref()) {
                        self.system.push(point);
                    }
                }
                Part::Text(_) => {}
                Part::Foreign(foreign) if foreign.dialect == DIALECT => push_own(foreign, &mut self.system),
                other => self.lost.add_content(other),
            }
        }
    }

    /// Instructions between other turns have no place of their own: the user says them, and they are marked.
    fn late_system_turn(&mut self, turn: &'r Turn<'_>) {
        for part in &turn.parts {
            match part {
                Part::Text(text) if !is_blank(&text.text) => {
                    let marked = format!("<system>\n{}\n</system>", text.text);
                    self.push(USER, Block::Text(marked.into()));
                }
                Part::Text(_) => {}
                other => self.lost.add_content(other),
            }
        }
    }

    fn user_turn(&mut self, turn: &'r Turn<'_>, last: bool) -> Result<(), Fault> {
        let mut pushed = false;
        let mut missing = None;
        for part in &turn.parts {
            let block = match part {
                Part::Text(text) if is_blank(&text.text) => continue,
                Part::Text(text) => Block::text(text, false),
                Part::Refusal(text) => Block::Text(text.borrowed()),
                Part::Media(media) => match self.medium(media) {
                    Ok(block) => block,
                    Err(what) => {
                        missing = Some((media, what));
                        continue;
                    }
                },
                Part::ToolResult(result) => self.tool_result(result),
                Part::Foreign(foreign) if foreign.dialect == DIALECT => {
                    self.open(USER);
                    self.messages.last_mut().into_iter().for_each(|last| push_own(foreign, &mut last.content));
                    pushed = true;
                    continue;
                }
                other => {
                    self.lost.add_content(other);
                    continue;
                }
            };
            self.push(USER, block);
            self.push_cache_point(USER, part);
            pushed = true;
        }
        match missing {
            Some((media, what)) if !pushed && last => Err(unusable(media, what)),
            Some(_) if !pushed => {
                self.push(USER, said("[a file that cannot be shown here]"));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn assistant_turn(&mut self, turn: &'r Turn<'_>) {
        for part in &turn.parts {
            let block = match part {
                Part::Text(text) if is_blank(&text.text) => continue,
                Part::Text(text) => {
                    let foreign = text.citations.iter().any(|citation| citation.original.dialect != DIALECT);
                    self.lost.add_if(foreign, "messages.citations");
                    Block::text(text, false)
                }
                Part::Refusal(text) if is_blank(text) => continue,
                Part::Refusal(text) => Block::Text(text.borrowed()),
                Part::Reasoning(reasoning) => match self.reasoning(reasoning) {
                    Some(block) => block,
                    None => continue,
                },
                Part::ToolCall(call) => self.tool_call(call),
                Part::Foreign(foreign) if foreign.dialect == DIALECT => Block::Own(Own(foreign)),
                other => {
                    self.lost.add_content(other);
                    continue;
                }
            };
            self.push(ASSISTANT, block);
            self.push_cache_point(ASSISTANT, part);
        }
    }

    /// Claude only takes thoughts that it signed itself on Bedrock; the others sign none.
    fn reasoning(&mut self, reasoning: &'r Reasoning<'_>) -> Option<Block<'r>> {
        let own = reasoning.signature.as_ref().is_some_and(|signature| signature.from == DIALECT);
        let unsigned = reasoning.signature.is_none() && !is_blank(&reasoning.text);
        if own || (unsigned && matches!(self.family, Family::Nova(_))) {
            return Some(Block::reasoning(reasoning));
        }
        self.lost.add("messages.reasoning");
        None
    }

    fn tool_call(&mut self, call: &'r ToolCall<'_>) -> Block<'r> {
        self.open(ASSISTANT);
        // One id twice in a turn would be refused.
        let mut written = fitting_id(&call.id, LONGEST);
        while self.ids.contains(&written) {
            written = fitting_id(&format!("{written}+{}", self.ids.len()), LONGEST).into_owned();
        }
        self.ids.insert(written.clone());
        self.calls.add(call.id.borrowed(), written.clone());
        Block::tool_use(call, written, fitting_name(&call.name))
    }

    /// A result; as text where nothing asked for it.
    fn tool_result(&mut self, result: &'r ToolResult<'_>) -> Block<'r> {
        let Some(tool_use_id) = self.calls.take(&result.id) else {
            return Block::Text(format!("[result of a tool]\n{}", result.text()).into());
        };
        let mut content = Vec::with_capacity(result.parts.len());
        if let Some(json) = &result.json {
            content.push(Block::Json(json.borrowed()));
        }
        for part in &result.parts {
            match part {
                Part::Text(_) if result.json.is_some() => {}
                Part::Text(text) if is_blank(&text.text) => {}
                Part::Text(text) => content.push(Block::Text(text.text.borrowed())),
                Part::Media(media) if media.kind == MediaKind::Audio => self.lost.add_medium(media),
                Part::Media(media) => content.extend(self.medium(media).ok()),
                Part::Foreign(foreign) if foreign.dialect == DIALECT => push_own(foreign, &mut content),
                other => self.lost.add_content(other),
            }
        }
        if content.is_empty() {
            content.push(said("(no output)"));
        }
        Block::ToolResult { tool_use_id, content, status: result.is_error.then_some("error") }
    }

    fn medium(&mut self, media: &'r Media<'_>) -> Result<Block<'r>, &'static str> {
        self.lost.add_if(media.detail.as_deref().is_some_and(|detail| detail != "auto"), "messages.image.detail");
        let block = match media.kind {
            MediaKind::Audio if self.family.is_claude() => Err("input_audio"),
            MediaKind::Video if self.family.is_claude() => Err("video"),
            _ => Block::media(media, &mut self.documents),
        };
        if block.is_err() {
            self.lost.add_medium(media);
        }
        block
    }

    fn push(&mut self, role: &'static str, block: Block<'r>) {
        self.open(role);
        if let Some(last) = self.messages.last_mut() {
            last.content.push(block);
        }
    }

    /// Makes the last message one of `role`.
    fn open(&mut self, role: &'static str) {
        match self.messages.last() {
            Some(last) if last.role == role => return,
            Some(last) if last.role == USER => self.close_user(),
            // The user has to begin.
            None if role == ASSISTANT => self.messages.push(Message { role: USER, content: vec![said("Hello.")] }),
            _ => {}
        }
        self.messages.push(Message { role, content: Vec::new() });
    }

    /// Completes a message of the user: results stand first, every call has one, no document is without words.
    fn close_user(&mut self) {
        let Some(last) = self.messages.last_mut() else { return };
        let (mut results, mut others) = (Vec::new(), Vec::with_capacity(last.content.len()));
        for block in last.content.drain(..) {
            let of_result = matches!(block, Block::CachePoint(_)) && others.is_empty() && !results.is_empty();
            let list = if of_result || matches!(block, Block::ToolResult { .. }) { &mut results } else { &mut others };
            list.push(block);
        }
        self.ids.clear();
        for tool_use_id in self.calls.rest() {
            let content = vec![said("(no result)")];
            results.push(Block::ToolResult { tool_use_id, content, status: Some("error") });
        }
        let has = |wanted: fn(&Block<'_>) -> bool| others.iter().any(wanted);
        if has(|block| matches!(block, Block::Document(_))) && !has(|block| matches!(block, Block::Text(_))) {
            others.push(said("See the document."));
        }
        results.append(&mut others);
        last.content = results;
    }

    fn finish(&mut self, open_end: bool) -> Result<(), Fault> {
        match self.messages.last_mut() {
            None if self.system.is_empty() => {
                return Err(Fault::new(FaultKind::BadRequest, "`messages`: there is nothing to be answered"));
            }
            None => self.open(USER),
            Some(last) if last.role == USER => {}
            Some(_) if self.calls.any() => self.open(USER),
            Some(last) if open_end => {
                // Blanks at the end are refused.
                if let Some(Block::Text(text)) = last.content.last_mut() {
                    *text = text.trim_end().to_owned().into();
                }
                return Ok(());
            }
            Some(_) => {
                self.lost.add("messages.assistant_prefill");
                self.push(USER, said("Go on."));
            }
        }
        self.close_user();
        match self.messages.last_mut() {
            Some(last) if last.content.is_empty() => last.content.push(said("Hello.")),
            _ => {}
        }
        Ok(())
    }

    fn push_cache_point(&mut self, role: &'static str, part: &Part<'_>) {
        let cache = match part {
            Part::Text(text) => &text.cache,
            Part::Media(media) => &media.cache,
            Part::ToolCall(call) => &call.cache,
            Part::ToolResult(result) => &result.cache,
            _ => return,
        };
        if let Some(point) = self.cache_point(cache.as_ref()) {
            self.push(role, point);
        }
    }

    fn cache_point(&mut self, cache: Option<&Cache<'_>>) -> Option<Block<'r>> {
        cache::point(cache?, self.family, self.lost).map(Block::CachePoint)
    }
}

/// A block of this dialect's own, in the place of the words that stand for it.
fn push_own<'r>(foreign: &'r Foreign<'_>, blocks: &mut Vec<Block<'r>>) {
    if let (Some(words), Some(Block::Text(text))) = (plain_words(&foreign.kind, foreign.json.as_str()), blocks.last())
        && *text == words.as_str()
    {
        blocks.pop();
    }
    blocks.push(Block::Own(Own(foreign)));
}

fn said(text: &'static str) -> Block<'static> {
    Block::Text(Str::new(text))
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// All that the last turn says is a medium that cannot be given.
fn unusable(media: &Media<'_>, what: &str) -> Fault {
    let message = match media.source {
        Source::Url(_) => format!("`{what}`: this model takes files only as data, not as addresses"),
        Source::FileId(_) => format!("`{what}`: a file uploaded elsewhere means nothing to this model"),
        _ => format!("`{what}`: this model takes nothing of the type {:?}", media.mime.as_str()),
    };
    Fault::new(FaultKind::BadRequest, message)
}

/// The model is in the middle of a round of calls that it began without thoughts of which we have its own proof: then
/// Claude will not start to think.
pub(super) fn acts_without_thoughts(request: &Request<'_>) -> bool {
    let is_call = |part: &Part<'_>| matches!(part, Part::ToolCall(_));
    let proven = |part: &Part<'_>| {
        let Part::Reasoning(Reasoning { signature: Some(signature), .. }) = part else { return false };
        signature.from == DIALECT
    };
    let ends_with_result =
        request.turns.last().is_some_and(|turn| turn.parts.iter().any(|part| matches!(part, Part::ToolResult(_))));
    let last = request.turns.iter().rev().find(|turn| turn.role == Role::Assistant);
    ends_with_result && last.is_some_and(|turn| turn.parts.iter().any(is_call) && !turn.parts.iter().any(proven))
}
