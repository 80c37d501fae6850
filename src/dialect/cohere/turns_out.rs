//! The conversation, written.
//!
//! Cohere refuses results without their calls and calls without their results, and wants the results right behind the
//! calls. So what of a user's turn is no result waits until all results are written: a picture that a tool returned,
//! too, since a tool's message takes none.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::citation;
use super::message_out::{CallOut, ContentOut, Contents, DocumentOut, ImageOut, MessageOut, arguments};
use super::reply::joined;
use crate::canonical::{
    Dialect, Fault, FaultKind, Lost, Media, MediaKind, Part, Raw, Request, Role, Source as MediaSource, ToolResult,
    Turn, Waiting,
};

/// What the conversation came to.
pub(super) struct Written<'r> {
    pub(super) messages: Vec<MessageOut<'r>>,
    /// What has its place beside the messages.
    pub(super) documents: Vec<Source<'r>>,
}

/// A document for the model to cite.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Source<'r> {
    /// As the client wrote it.
    Given(&'r Raw<'r>),
    Made {
        id: String,
        data: Document<'r>,
    },
}

#[derive(Serialize)]
pub(super) struct Document<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'r str>,
    text: Cow<'r, str>,
}

/// The turns as messages.
pub(super) fn write<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Result<Written<'r>, Fault> {
    let mut writer =
        Writer { messages: Vec::new(), documents: Vec::new(), unanswered: Waiting::default(), held: Vec::new(), lost };
    for turn in &request.turns {
        writer.lost.add_if(turn.name.is_some(), "messages.name");
        match turn.role {
            Role::System | Role::Developer => writer.system(turn),
            Role::User => writer.user(turn),
            Role::Assistant => writer.assistant(turn),
        }
    }
    writer.settle();
    let Writer { messages, documents, .. } = writer;
    if messages.is_empty() {
        return Err(Fault::new(FaultKind::BadRequest, "`messages`: there is nothing in them that Cohere can be told"));
    }
    Ok(Written { messages, documents })
}

struct Writer<'r, 'l> {
    messages: Vec<MessageOut<'r>>,
    documents: Vec<Source<'r>>,
    /// Calls whose results have not come.
    unanswered: Waiting<'r, &'r str>,
    /// What the user says once the results are written.
    held: Vec<ContentOut<'r>>,
    lost: &'l mut Lost,
}

impl<'r> Writer<'r, '_> {
    fn system(&mut self, turn: &'r Turn<'_>) {
        self.settle();
        let pieces: Vec<_> = turn.parts.iter().filter_map(|part| self.piece(part, true)).collect();
        self.say("system", pieces);
    }

    fn user(&mut self, turn: &'r Turn<'_>) {
        let mut said = Vec::new();
        for part in &turn.parts {
            match part {
                Part::ToolResult(result) => self.result(result),
                part => said.extend(self.piece(part, false)),
            }
        }
        if !said.is_empty() {
            self.held.extend(said);
            self.settle();
        }
    }

    fn assistant(&mut self, turn: &'r Turn<'_>) {
        self.settle();
        let (mut thoughts, mut pieces, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut calls, mut citations) = (Vec::new(), Vec::new());
        for part in &turn.parts {
            match part {
                Part::Text(text) => {
                    citations.extend(citation::own(text));
                    self.lost.add_if(citations.len() < text.citations.len(), "messages.citations");
                    self.lost.add_if(text.cache.is_some(), "cache_control");
                    texts.extend((!text.text.is_empty()).then_some(text.text.as_str()));
                    pieces.extend(text_piece(&text.text));
                }
                Part::Reasoning(thought) if thought.text.is_empty() => self.lost.add("messages.reasoning"),
                Part::Reasoning(thought) => thoughts.push(ContentOut::Thinking { thinking: &thought.text }),
                Part::ToolCall(call) => {
                    let (arguments, whole) = arguments(call);
                    self.lost.add_if(!whole, "messages.tool_calls.arguments");
                    self.lost.add_if(call.cache.is_some(), "cache_control");
                    self.unanswered.add(call.id.borrowed(), &call.id);
                    calls.push(CallOut::new(call, arguments));
                }
                Part::Refusal(text) => {
                    texts.push(text.as_str());
                    pieces.extend(text_piece(text));
                }
                part => pieces.extend(self.piece(part, true)),
            }
        }
        let mut message =
            MessageOut { content: None, citations, ..MessageOut::new("assistant", Contents::Pieces(Vec::new())) };
        if calls.is_empty() {
            thoughts.extend(pieces);
        } else {
            message.tool_plan = (!texts.is_empty()).then(|| joined(&texts));
            message.citations.clear(); // they are of a content, and a plan is none
        }
        message.content = (!thoughts.is_empty()).then(|| Contents::of(thoughts));
        message.tool_calls = calls;
        if message.content.is_some() || !message.tool_calls.is_empty() {
            self.messages.push(message);
        }
    }

    /// One result. One whose call is nowhere near is told in words: Cohere would refuse it.
    fn result(&mut self, result: &'r ToolResult<'_>) {
        self.lost.add_if(result.cache.is_some(), "cache_control");
        let answered = self.unanswered.take(&result.id).is_some();
        let text = result.text();
        let content = match (&result.json, result.is_error) {
            (_, true) => Contents::Text(format!("Error: {text}").into()),
            (Some(json), false) if json.is_object() => {
                Contents::Pieces(vec![ContentOut::Document { document: DocumentOut { data: json.borrowed() } }])
            }
            _ if text.trim().is_empty() => {
                Contents::Text(if result.parts.iter().any(shows) { SHOWN } else { NO_OUTPUT }.into())
            }
            _ => Contents::Text(text.0),
        };
        match answered {
            true => {
                let message = MessageOut::new("tool", content);
                self.messages.push(MessageOut { tool_call_id: Some(&result.id), ..message });
            }
            false => {
                let words = format!("Result of the tool call {}:\n{}", result.id, result.text());
                self.held.push(ContentOut::Text { text: words.into() });
            }
        }
        for part in &result.parts {
            if matches!(part, Part::Text(_)) {
                continue;
            }
            if let Some(piece) = self.piece(part, false) {
                let words = format!("Returned by the tool call {}:", result.id);
                self.held.extend([ContentOut::Text { text: words.into() }, piece]);
            }
        }
    }

    /// Ends a round of results: calls without one get one that says so, and what was held back is said.
    fn settle(&mut self) {
        for id in self.unanswered.rest() {
            let message = MessageOut::new("tool", Contents::Text("There is no result of this call.".into()));
            self.messages.push(MessageOut { tool_call_id: Some(id), ..message });
        }
        let held = std::mem::take(&mut self.held);
        self.say("user", held);
    }

    fn say(&mut self, role: &'static str, pieces: Vec<ContentOut<'r>>) {
        if !pieces.is_empty() {
            self.messages.push(MessageOut::new(role, Contents::of(pieces)));
        }
    }

    /// A part as a piece of a content, where it has one. Only a user's content has other pieces than texts.
    fn piece(&mut self, part: &'r Part<'_>, only_text: bool) -> Option<ContentOut<'r>> {
        match part {
            Part::Text(text) => {
                self.lost.add_if(text.cache.is_some(), "cache_control");
                text_piece(&text.text)
            }
            Part::Refusal(text) => text_piece(text),
            Part::Media(media) => self.medium(media, only_text),
            Part::Foreign(foreign) if foreign.dialect == Dialect::Cohere => Some(ContentOut::Foreign(&foreign.json)),
            Part::Foreign(_) | Part::Reasoning(_) => {
                self.lost.add_content(part);
                None
            }
            Part::ToolCall(_) | Part::ToolResult(_) => None,
        }
    }

    fn medium(&mut self, media: &'r Media<'_>, only_text: bool) -> Option<ContentOut<'r>> {
        self.lost.add_if(media.cache.is_some(), "cache_control");
        match media.kind {
            MediaKind::Image if !only_text => {
                let image = ImageOut::new(&media.source, &media.mime, media.detail.as_deref());
                if image.is_none() {
                    self.lost.add_medium(media);
                }
                image.map(|image_url| ContentOut::ImageUrl { image_url })
            }
            MediaKind::Document => {
                match document_text(media) {
                    Some(text) => {
                        let (title, context) = (media.name.as_deref(), media.context.as_deref());
                        let id = format!("doc_{}", self.documents.len());
                        self.documents.push(Source::Made { id, data: Document { title, context, text } });
                    }
                    None => self.lost.add_medium(media),
                }
                None
            }
            MediaKind::Image | MediaKind::Audio | MediaKind::Video => {
                self.lost.add_medium(media);
                None
            }
        }
    }
}

/// What a tool said that said nothing: Cohere refuses empty texts.
const NO_OUTPUT: &str = "(no output)";
/// The same of one that showed something, which comes behind the results.
const SHOWN: &str = "(shown below)";

fn shows(part: &Part<'_>) -> bool {
    !matches!(part, Part::Text(_))
}

/// Cohere refuses empty texts.
fn text_piece(text: &str) -> Option<ContentOut<'_>> {
    (!text.is_empty()).then(|| ContentOut::Text { text: text.into() })
}

/// The text of a document that has one: Cohere reads no other.
fn document_text<'r>(media: &'r Media<'_>) -> Option<Cow<'r, str>> {
    match &media.source {
        MediaSource::Text(text) => Some(text.as_str().into()),
        MediaSource::Base64(data) if media.mime.starts_with("text/") || media.mime == "application/json" => {
            let bytes = STANDARD.decode(data.as_bytes()).ok()?;
            String::from_utf8(bytes).ok().map(Cow::Owned)
        }
        MediaSource::Base64(_) | MediaSource::Url(_) | MediaSource::FileId(_) => None,
    }
}
