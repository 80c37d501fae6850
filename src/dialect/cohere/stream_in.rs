//! A provider's stream, read.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::usage;
use super::wire::text_or_json;
use super::{citation, content, logprobs, stop};
use crate::canonical::{Delta, Event, Fault, FaultKind, PartStart, Raw, StopReason, Str, StreamReader, Usage};
use crate::dialect::error;
use crate::dialect::functions::ToolCall;
use crate::dialect::wire::List;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    id: Option<Str<'a>>,
    index: Option<u64>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
}

/// What most deltas wrap their own thing in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapped<T> {
    message: T,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContentOf<'a> {
    #[serde(borrow)]
    content: Option<Piece<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Piece<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    thinking: Option<Str<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PlanOf<'a> {
    #[serde(borrow)]
    tool_plan: Option<Str<'a>>,
}

/// An object, in spite of its name.
#[derive(Default, Deserialize)]
#[serde(default)]
struct CallOf<'a> {
    #[serde(borrow)]
    tool_calls: Option<ToolCall<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CitationOf<'a> {
    #[serde(borrow)]
    citations: Option<Raw<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EndOf<'a> {
    #[serde(borrow)]
    finish_reason: Option<Str<'a>>,
    usage: Option<usage::Wire>,
}

/// Reads one stream.
#[derive(Default)]
pub(super) struct Reader {
    /// The name of the answer, once it has begun.
    id: Option<String>,
    /// The text or the thoughts that are open.
    said: Option<Said>,
    /// The calls that are open.
    calls: Vec<Call>,
    /// How many parts, and how many calls of them, have begun.
    parts: u32,
    called: usize,
    usage: Usage,
    ended: bool,
}

/// An open text.
struct Said {
    kind: Kind,
    index: u64,
    part: u32,
    /// Its end came. It stays open for the citations, which may come behind it.
    complete: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plan,
    Text,
    Thoughts,
}

struct Call {
    index: u64,
    part: u32,
}

/// No answer has so many calls open at once.
const MOST_CALLS: usize = 1024;

type Out<'o> = dyn FnMut(Event<'_>) + 'o;

impl StreamReader for Reader {
    fn frame(&mut self, name: &str, data: &[u8], out: &mut Out<'_>) -> Result<(), Fault> {
        let data = data.trim_ascii();
        if self.ended || data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        let frame: Frame<'_> = serde_json::from_slice(data).map_err(malformed)?;
        let kind = frame.kind.as_deref().unwrap_or(name);
        let delta = frame.delta.map_or("{}", RawValue::get);
        match kind {
            "message-start" => self.start(frame.id, out),
            "content-start" | "content-delta" => {
                self.content(frame.index.unwrap_or_default(), read(delta)?, kind == "content-start", out);
                // Not worth the text, which was said above, where they cannot be read.
                let items = frame.logprobs.and_then(|logprobs| read::<List<logprobs::Item<'_>>>(logprobs.get()).ok());
                if let Some(logprobs) = items.and_then(|items| logprobs::read(items.0)) {
                    out(Event::Logprobs { choice: 0, logprobs });
                }
            }
            "content-end" => self.content_end(out),
            "tool-plan-delta" => {
                let plan = read::<Wrapped<PlanOf<'_>>>(delta)?.message.tool_plan.unwrap_or_default();
                self.say(Kind::Plan, 0, plan, out);
            }
            "tool-call-start" => self.call_start(frame.index, read(delta)?, out)?,
            "tool-call-delta" => self.call_delta(frame.index, read(delta)?, out)?,
            "tool-call-end" => self.call_end(frame.index, out),
            "citation-start" => {
                if let Some(raw) = read::<Wrapped<CitationOf<'_>>>(delta)?.message.citations {
                    self.cite(raw, out);
                }
            }
            "message-end" => self.message_end(delta, out)?,
            "ping" => out(Event::Ping),
            // Frames without a type are what gateways say when something is wrong.
            "" | "message" | "error" => {
                self.ended = true;
                out(Event::Error(error::in_band(data)));
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, _: &mut Out<'_>) -> Result<(), Fault> {
        if self.ended {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Truncated, "the provider's stream ended too early"))
    }
}

impl Reader {
    fn start(&mut self, id: Option<Str<'_>>, out: &mut Out<'_>) {
        if self.id.is_none() {
            let id = id.unwrap_or_default();
            self.id = Some(id.to_string());
            out(Event::Start { id, model: Str::default(), created: None, service_tier: None });
        }
    }

    fn part(&mut self, start: PartStart<'_>, out: &mut Out<'_>) -> u32 {
        let part = self.parts;
        self.parts += 1;
        out(Event::PartStart { choice: 0, part, start });
        part
    }

    fn content(&mut self, index: u64, delta: Wrapped<ContentOf<'_>>, begins: bool, out: &mut Out<'_>) {
        let Some(piece) = delta.message.content else { return };
        let thoughts = piece.thinking.is_some() || piece.kind.is_some_and(|kind| kind == "thinking");
        let kind = if thoughts { Kind::Thoughts } else { Kind::Text };
        if begins {
            self.close(out);
        }
        self.say(kind, index, piece.thinking.or(piece.text).unwrap_or_default(), out);
    }

    /// More of a text, which begins where none of the kind is open.
    fn say(&mut self, kind: Kind, index: u64, text: Str<'_>, out: &mut Out<'_>) {
        let open = self.said.as_ref().filter(|said| said.kind == kind && said.index == index && !said.complete);
        let part = match open {
            Some(said) => said.part,
            None => {
                self.close(out);
                let start = match kind {
                    Kind::Plan | Kind::Text => PartStart::Text,
                    Kind::Thoughts => PartStart::Reasoning { summary: false, id: None, redacted: false },
                };
                let part = self.part(start, out);
                self.said = Some(Said { kind, index, part, complete: false });
                part
            }
        };
        if !text.is_empty() {
            out(Event::Delta { choice: 0, part, delta: Delta::Text(text) });
        }
    }

    fn content_end(&mut self, out: &mut Out<'_>) {
        match &mut self.said {
            Some(said) if said.kind == Kind::Text => said.complete = true,
            _ => self.close(out),
        }
    }

    /// Closes the open text.
    fn close(&mut self, out: &mut Out<'_>) {
        if let Some(Said { part, .. }) = self.said.take() {
            out(Event::PartEnd { choice: 0, part });
        }
    }

    fn call_start(&mut self, index: Option<u64>, delta: Wrapped<CallOf<'_>>, out: &mut Out<'_>) -> Result<(), Fault> {
        self.close(out);
        if self.calls.len() == MOST_CALLS {
            return Err(Fault::new(FaultKind::Malformed, "the provider's stream has too many calls open"));
        }
        let wire = delta.message.tool_calls.unwrap_or_default();
        let call = content::call(wire, self.id.as_deref().unwrap_or_default(), self.called);
        let start = PartStart::ToolCall { id: call.id, name: call.name, free_form: false };
        let part = self.part(start, out);
        let index = index.unwrap_or(self.called as u64);
        self.called += 1;
        self.calls.push(Call { index, part });
        if !call.arguments.is_empty() {
            out(Event::Delta { choice: 0, part, delta: Delta::Text(call.arguments) });
        }
        Ok(())
    }

    fn call_delta(&mut self, index: Option<u64>, delta: Wrapped<CallOf<'_>>, out: &mut Out<'_>) -> Result<(), Fault> {
        let open = self.calls.iter().rev().find(|call| index.is_none_or(|index| call.index == index));
        let Some(part) = open.map(|call| call.part) else {
            return Err(Fault::new(FaultKind::Malformed, "the provider's stream goes on with a call that is not open"));
        };
        let arguments = delta.message.tool_calls.unwrap_or_default().function.unwrap_or_default().arguments;
        let arguments = match arguments.map(RawValue::get) {
            // A piece of JSON, of which `null` may be one.
            Some(json) if json.starts_with('"') => read::<Str<'_>>(json)?,
            _ => text_or_json(arguments),
        };
        if !arguments.is_empty() {
            out(Event::Delta { choice: 0, part, delta: Delta::Text(arguments) });
        }
        Ok(())
    }

    fn call_end(&mut self, index: Option<u64>, out: &mut Out<'_>) {
        let ended = self.calls.iter().rposition(|call| index.is_none_or(|index| call.index == index));
        if let Some(at) = ended {
            let Call { part, .. } = self.calls.remove(at);
            out(Event::PartEnd { choice: 0, part });
        }
    }

    /// A citation belongs to the text that is open. Where none is, an empty one carries it.
    fn cite(&mut self, raw: Raw<'_>, out: &mut Out<'_>) {
        let text = self.said.as_ref().filter(|said| said.kind != Kind::Thoughts).map(|said| said.part);
        let part = text.unwrap_or_else(|| {
            self.close(out);
            let part = self.part(PartStart::Text, out);
            self.said = Some(Said { kind: Kind::Text, index: u64::MAX, part, complete: true });
            part
        });
        let (citation, _) = citation::read(raw);
        out(Event::Delta { choice: 0, part, delta: Delta::Citation(Box::new(citation)) });
    }

    fn message_end(&mut self, delta: &str, out: &mut Out<'_>) -> Result<(), Fault> {
        let end: EndOf<'_> = read(delta)?;
        self.usage.update(end.usage.unwrap_or_default().read());
        if !self.usage.is_empty() {
            out(Event::Usage(self.usage));
        }
        self.ended = true;
        let native = end.finish_reason.unwrap_or_default();
        if let Some(fault) = stop::fault(&native, delta.as_bytes()) {
            out(Event::Error(fault));
            return Ok(());
        }
        self.close(out);
        for Call { part, .. } in std::mem::take(&mut self.calls) {
            out(Event::PartEnd { choice: 0, part });
        }
        let mut stop = stop::read(native, self.called > 0);
        if stop.reason == StopReason::ToolCalls && self.called == 0 {
            stop.reason = StopReason::End;
        }
        out(Event::Stop { choice: 0, stop });
        out(Event::End);
        Ok(())
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Fault> {
    serde_json::from_str(json).map_err(malformed)
}

fn malformed(error: serde_json::Error) -> Fault {
    Fault::new(FaultKind::Malformed, "the provider's stream is not what its dialect says").with_detail(error)
}
