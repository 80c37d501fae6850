//! A provider's stream.
//!
//! A block of text or thoughts begins without a word: its first delta tells what it is. The tokens come in a last
//! frame, `metadata`, behind the one that says why the answer ended: only then is it whole.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::content::{citation, read_redacted};
use super::super::{DIALECT, error, media, stop, usage, wire};
use super::hosted::Hosted;
use crate::canonical::{
    Delta, Event, Fault, FaultKind, Foreign, Media, MediaKind, PartStart, Service, Signature, Source, Str,
    StreamReader, Usage, made_up_id,
};
use crate::dialect::aws_events::EXCEPTION;
use crate::dialect::wire::read_provider;

/// More blocks than any answer has open at a time.
const MOST_OPEN: usize = 256;

/// Reads a provider's stream.
#[derive(Default)]
pub struct Reader {
    stopped: bool,
    metered: bool,
    /// Nothing more is said: [`Event::End`] or [`Event::Error`] was.
    over: bool,
    called: bool,
    /// A tool that the provider runs has been called.
    hosted: bool,
    /// How many parts there were.
    parts: u32,
    open: Vec<Open>,
}

struct Open {
    index: u64,
    part: u32,
    kind: Kind,
}

#[derive(PartialEq)]
enum Kind {
    Text,
    Reasoning,
    Redacted,
    Call,
    /// Part of a conversation that the provider has with itself: given when it is whole.
    Hosted(Box<Hosted>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockStart<'a> {
    #[serde(default)]
    content_block_index: u64,
    #[serde(borrow, default)]
    start: Start<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start<'a> {
    #[serde(borrow)]
    tool_use: Option<wire::ToolUse<'a>>,
    #[serde(borrow)]
    tool_result: Option<&'a RawValue>,
    #[serde(borrow)]
    image: Option<Format<'a>>,
}

#[derive(Deserialize)]
struct Format<'a> {
    #[serde(borrow)]
    format: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockDelta<'a> {
    #[serde(default)]
    content_block_index: u64,
    #[serde(borrow, default)]
    delta: Piece<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    tool_use: Option<Input<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Thought<'a>>,
    #[serde(borrow)]
    citation: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_result: Option<&'a RawValue>,
    #[serde(borrow)]
    image: Option<wire::Media<'a>>,
}

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow, default)]
    input: Str<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thought<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    signature: Option<Str<'a>>,
    #[serde(borrow)]
    redacted_content: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockStop {
    #[serde(default)]
    content_block_index: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageStop<'a> {
    #[serde(borrow, default)]
    stop_reason: Str<'a>,
    #[serde(borrow)]
    additional_model_response_fields: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    usage: Option<wire::Usage<'a>>,
    #[serde(borrow, rename = "serviceTier")]
    service_tier: Option<wire::ServiceTier<'a>>,
}

type Out<'o> = &'o mut dyn FnMut(Event<'_>);

impl StreamReader for Reader {
    fn hosted(&self) -> bool {
        self.hosted
    }

    /// `name` is the frame's type, an exception's `exception:NAME`.
    fn frame(&mut self, name: &str, data: &[u8], out: Out<'_>) -> Result<(), Fault> {
        if self.over {
            return Ok(());
        }
        if let Some(name) = name.strip_prefix(EXCEPTION) {
            self.over = true;
            out(Event::Error(error::exception(name, data)));
            return Ok(());
        }
        match name {
            // Nothing is said behind the reason why the answer ended.
            "contentBlockStart" | "contentBlockDelta" | "contentBlockStop" if self.stopped => Ok(()),
            "contentBlockDelta" => {
                let delta: BlockDelta<'_> = read_provider(data)?;
                self.delta(delta.content_block_index, delta.delta, out)
            }
            "messageStart" => {
                let (id, model) = (Str::default(), Str::default());
                out(Event::Start { id, model, created: None, service_tier: None });
                Ok(())
            }
            "contentBlockStart" => {
                let block: BlockStart<'_> = read_provider(data)?;
                self.block_start(block, data, out);
                Ok(())
            }
            "contentBlockStop" => {
                let block: BlockStop = read_provider(data)?;
                self.close(|open| open.index == block.content_block_index, out);
                Ok(())
            }
            "messageStop" => {
                let message: MessageStop<'_> = read_provider(data)?;
                self.message_stop(message, out);
                Ok(())
            }
            "metadata" => {
                let metadata: Metadata<'_> = read_provider(data)?;
                if let Some(counted) = &metadata.usage {
                    let tier = metadata.service_tier.and_then(|tier| tier.kind);
                    let service = tier.as_deref().and_then(Service::read);
                    out(Event::Usage(Usage { service, ..usage::read(counted) }));
                }
                self.metered = true;
                self.end_if_whole(out);
                Ok(())
            }
            // A kind of frame that is newer than this.
            _ => Ok(()),
        }
    }

    fn end(&mut self, _out: Out<'_>) -> Result<(), Fault> {
        if self.over {
            return Ok(());
        }
        let message = match self.stopped {
            true => "the provider's stream ended before the count of its tokens",
            false => "the provider's stream ended too early",
        };
        Err(Fault::new(FaultKind::Truncated, message))
    }
}

impl Reader {
    fn block_start(&mut self, block: BlockStart<'_>, data: &[u8], out: Out<'_>) {
        let index = block.content_block_index;
        self.close(|open| open.index == index || open.kind != Kind::Call, out);
        match block.start {
            Start { tool_use: Some(tool), .. } if tool.is_hosted() => {
                self.hosted = true;
                self.keep(index, Hosted::tool_use(&tool.tool_use_id, &tool.name));
            }
            Start { tool_use: Some(tool), .. } => {
                let id = match tool.tool_use_id.is_empty() {
                    true => made_up_id(&String::from_utf8_lossy(data), index as usize).into(),
                    false => tool.tool_use_id,
                };
                self.called = true;
                self.open(index, Kind::Call, PartStart::ToolCall { id, name: tool.name, free_form: false }, out);
            }
            Start { tool_result: Some(head), .. } => self.keep(index, Hosted::tool_result(head)),
            Start { image: Some(image), .. } => {
                self.keep(index, Hosted::image(image.format.as_deref().unwrap_or_default()));
            }
            // Text, from those who say so; its deltas tell.
            _ => {}
        }
    }

    fn delta(&mut self, index: u64, piece: Piece<'_>, out: Out<'_>) -> Result<(), Fault> {
        if let Some(Open { kind: Kind::Hosted(hosted), part, .. }) =
            self.open.iter_mut().find(|open| open.index == index)
        {
            match piece {
                Piece { tool_use: Some(input), .. } => hosted.add_input(&input.input),
                Piece { tool_result: Some(content), .. } => hosted.add_content(content),
                Piece { image: Some(image), .. } => {
                    if let (Some(bytes), Some(format)) = (image.source.bytes, hosted.image_format()) {
                        *part = self.parts;
                        self.parts += 1;
                        let part = *part;
                        let mime = media::mime(MediaKind::Image, format);
                        self.open.retain(|open| open.index != index);
                        whole_image(part, mime, bytes, out);
                    }
                }
                _ => {}
            }
            return Ok(());
        }
        if let Some(text) = piece.text.filter(|text| !text.is_empty()) {
            let part = self.part(index, Kind::Text, out);
            out(Event::Delta { choice: 0, part, delta: Delta::Text(text) });
        }
        if let Some(Input { input }) = piece.tool_use {
            let call = self.open.iter().find(|open| open.index == index && open.kind == Kind::Call);
            let Some(Open { part, .. }) = call else {
                return Err(Fault::new(
                    FaultKind::Malformed,
                    "the provider sent arguments of a call that it did not begin",
                ));
            };
            if !input.is_empty() {
                out(Event::Delta { choice: 0, part: *part, delta: Delta::Text(input) });
            }
        }
        if let Some(thought) = piece.reasoning_content {
            self.thought(index, thought, out);
        }
        if let Some(citation) = piece.citation.and_then(citation) {
            let part = self.part(index, Kind::Text, out);
            out(Event::Delta { choice: 0, part, delta: Delta::Citation(Box::new(citation)) });
        }
        Ok(())
    }

    fn thought(&mut self, index: u64, thought: Thought<'_>, out: Out<'_>) {
        if let Some(text) = thought.text.filter(|text| !text.is_empty()) {
            let part = self.part(index, Kind::Reasoning, out);
            out(Event::Delta { choice: 0, part, delta: Delta::Text(text) });
        }
        if let Some(value) = thought.signature.filter(|value| !value.is_empty()) {
            let part = self.part(index, Kind::Reasoning, out);
            out(Event::Delta { choice: 0, part, delta: Delta::Signature(Signature::untag(DIALECT, value)) });
        }
        if let Some(value) = thought.redacted_content.filter(|value| !value.is_empty()) {
            let part = self.part(index, Kind::Redacted, out);
            out(Event::Delta { choice: 0, part, delta: Delta::Signature(read_redacted(value)) });
        }
    }

    fn message_stop(&mut self, message: MessageStop<'_>, out: Out<'_>) {
        self.close(|_| true, out);
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        let fields = message.additional_model_response_fields;
        out(Event::Stop { choice: 0, stop: stop::read(message.stop_reason, fields, self.called) });
        self.end_if_whole(out);
    }

    fn end_if_whole(&mut self, out: Out<'_>) {
        if self.stopped && self.metered {
            self.over = true;
            out(Event::End);
        }
    }

    /// The part that the block `index` is, of the kind that its delta is of.
    fn part(&mut self, index: u64, kind: Kind, out: Out<'_>) -> u32 {
        if let Some(open) = self.open.iter().find(|open| open.index == index && open.kind == kind) {
            return open.part;
        }
        // Some never say that a block of text is over. Only calls may go on beside others.
        self.close(|open| open.index == index || open.kind != Kind::Call, out);
        let start = match kind {
            Kind::Text => PartStart::Text,
            _ => PartStart::Reasoning { summary: false, id: None, redacted: kind == Kind::Redacted },
        };
        self.open(index, kind, start, out)
    }

    fn open(&mut self, index: u64, kind: Kind, start: PartStart<'_>, out: Out<'_>) -> u32 {
        if self.open.len() >= MOST_OPEN {
            self.close(|_| true, out);
        }
        let part = self.parts;
        self.parts += 1;
        self.open.push(Open { index, part, kind });
        out(Event::PartStart { choice: 0, part, start });
        part
    }

    fn keep(&mut self, index: u64, hosted: Hosted) {
        if self.open.len() < MOST_OPEN {
            self.open.push(Open { index, part: 0, kind: Kind::Hosted(Box::new(hosted)) });
        }
    }

    fn close(&mut self, which: impl Fn(&Open) -> bool, out: Out<'_>) {
        let parts = &mut self.parts;
        self.open.retain_mut(|open| {
            if !which(open) {
                return true;
            }
            if let Kind::Hosted(hosted) = &open.kind {
                let Some((kind, json)) = hosted.whole() else { return false };
                open.part = *parts;
                *parts += 1;
                let foreign = Box::new(Foreign { dialect: DIALECT, kind: kind.into(), json });
                out(Event::PartStart { choice: 0, part: open.part, start: PartStart::Foreign(foreign) });
            }
            out(Event::PartEnd { choice: 0, part: open.part });
            false
        });
    }
}

fn whole_image(part: u32, mime: Str<'_>, bytes: Str<'_>, out: Out<'_>) {
    let media = Media {
        kind: MediaKind::Image,
        source: Source::Base64(bytes),
        mime,
        name: None,
        context: None,
        detail: None,
        cite: false,
        cache: None,
    };
    out(Event::PartStart { choice: 0, part, start: PartStart::Media(Box::new(media)) });
    out(Event::PartEnd { choice: 0, part });
}
