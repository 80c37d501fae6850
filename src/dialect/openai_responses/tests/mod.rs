//! Cases that are written as data, and recorded traffic.

mod captures;
mod errors;
mod reading;
mod replies;
mod requests;
mod robust;
mod streams;
mod tools;
mod translated;

use serde_json::Value;

use super::OpenAiResponses;
use crate::canonical::{Event, Fault, Gatherer, Lost, Reply, Request};
use crate::dialect::codec::{About, Asked, Codec, Flavour, Target};

const VENDOR: Target<'static> = Target { model: "gpt-4.1", flavour: Flavour::Vendor };

fn read(body: &str) -> Request<'_> {
    OpenAiResponses.read_request(body.as_bytes(), &Asked::default()).unwrap()
}

fn refused(body: &str) -> String {
    let fault = OpenAiResponses.read_request(body.as_bytes(), &Asked::default()).unwrap_err();
    assert_eq!(fault.kind, crate::canonical::FaultKind::BadRequest);
    fault.message.into_owned()
}

/// A request as it is written, and what was lost.
fn written(request: &Request<'_>, target: &Target<'_>) -> (Value, Vec<String>) {
    let mut lost = Lost::nothing();
    let body = OpenAiResponses.write_request(request, target, &mut lost).unwrap();
    (json(&body), lost.iter().map(str::to_owned).collect())
}

/// Reads a client's request and writes it for `model`.
fn through(body: &Value, model: &str) -> (Value, Vec<String>) {
    let text = body.to_string();
    written(&read(&text), &Target { model, flavour: Flavour::Vendor })
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
}

fn about(request: &'static str) -> About<'static> {
    About {
        id: "0123456789abcdef0123456789abcdef",
        created: 1_700_000_000,
        model: "smart",
        usage_in_stream: true,
        json_array: false,
        request: request.as_bytes(),
    }
}

/// The data of each event of a written stream, whose names are checked.
fn events_of(stream: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(stream).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"), "{text}");
    let mut events = Vec::new();
    for block in text.split_terminator("\n\n").filter(|block| !block.starts_with(':')) {
        let (name, data) = block.split_once('\n').unwrap();
        let data = json(data.strip_prefix("data: ").unwrap().as_bytes());
        assert_eq!(name.strip_prefix("event: ").unwrap(), data["type"]);
        assert_eq!(data["sequence_number"], events.len(), "{data}");
        events.push(data);
    }
    events
}

/// Writes events, and gives what a reader makes of what was written, too.
fn stream_of(events: &[Event<'_>], request: &'static str) -> Vec<Value> {
    let mut writer = OpenAiResponses.write_stream(&about(request));
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.event(event, &mut out));
    events_of(&out)
}

/// What a stream of these frames is, with the grammar checked.
fn read_frames<D: AsRef<[u8]>>(frames: impl IntoIterator<Item = D>) -> Result<Reply<'static>, Fault> {
    let mut reader = OpenAiResponses.read_stream();
    let mut gatherer = Gatherer::new();
    let mut grammar = Grammar::default();
    let mut out = |event: Event<'_>| {
        grammar.check(&event);
        gatherer.push(event);
    };
    for frame in frames {
        reader.frame("", frame.as_ref(), &mut out)?;
    }
    reader.end(&mut out)?;
    gatherer.finish()
}

/// What every reader has to keep to.
#[derive(Default)]
struct Grammar {
    started: bool,
    ended: bool,
    parts: Vec<bool>,
    stopped: bool,
}

impl Grammar {
    fn check(&mut self, event: &Event<'_>) {
        assert!(!self.ended, "{event:?} behind the end");
        match event {
            Event::Start { .. } => assert!(!std::mem::replace(&mut self.started, true), "a second start"),
            Event::PartStart { part, .. } => {
                assert!(self.started && !self.stopped);
                assert_eq!(*part as usize, self.parts.len());
                self.parts.push(true);
            }
            Event::Delta { part, .. } => assert!(self.parts[*part as usize], "{event:?} outside of its part"),
            Event::PartEnd { part, .. } => assert!(std::mem::replace(&mut self.parts[*part as usize], false)),
            Event::Stop { .. } => {
                assert!(self.started && !self.parts.contains(&true), "a part is open at the stop");
                assert!(!std::mem::replace(&mut self.stopped, true));
            }
            Event::End => {
                assert!(self.stopped);
                self.ended = true;
            }
            Event::Error(_) => self.ended = true,
            Event::Logprobs { .. } | Event::Usage(_) | Event::Ping => {}
        }
    }
}
