//! What is translated: one conversation, one answer and two streams, written once in each dialect.
//!
//! They are told in one dialect, or as events, and written in the others by the codecs themselves.

use bytes::Bytes;
use outrider::canonical::{Delta, Dialect, Event, Lost, PartStart, Stop, StopReason, Str, Usage};
use outrider::dialect::codec::{self, About, Asked, Flavour, Target};

/// Pieces of a stream's text, or of its tool's arguments.
pub const EVENTS: usize = 500;

/// The sizes of the requests: the last has images.
pub const SIZES: [(&str, usize); 3] = [("1 KB", 1 << 10), ("100 KB", 100 << 10), ("1 MB, images", 1 << 20)];

/// For whom requests are written.
pub const TARGET: Target<'_> = Target { model: "bench-large", flavour: Flavour::Vendor };

/// What the path of a request says.
pub const ASKED: Asked<'_> = Asked { model: Some("bench-large"), stream: false, json_array: false };

/// For whom answers are written.
pub const ABOUT: About<'_> = About {
    id: "0123456789abcdef0123456789abcdef",
    created: 1_700_000_000,
    model: "bench-large",
    usage_in_stream: true,
    json_array: false,
    request: br#"{"model":"bench-large"}"#,
};

/// Everything in one dialect.
pub struct Documents {
    /// Which.
    pub dialect: Dialect,
    /// Of each size.
    pub requests: Vec<Vec<u8>>,
    /// A whole answer.
    pub reply: Vec<u8>,
    /// An answer of text, as it comes.
    pub text_stream: Vec<Bytes>,
    /// An answer that is a tool's call, as it comes.
    pub call_stream: Vec<Bytes>,
}

impl Documents {
    /// The documents in `dialect`.
    pub fn of(dialect: Dialect) -> Self {
        Self {
            dialect,
            requests: SIZES.iter().map(|(_, size)| request(dialect, &conversation(*size))).collect(),
            reply: reply(dialect),
            text_stream: stream(dialect, PartStart::Text, [" word"; EVENTS].into_iter()),
            call_stream: stream(dialect, call(), call_pieces()),
        }
    }
}

fn request(dialect: Dialect, chat: &str) -> Vec<u8> {
    let chat = codec::of(Dialect::OpenAiChat).read_request(chat.as_bytes(), &ASKED).expect("a request");
    codec::of(dialect).write_request(&chat, &TARGET, &mut Lost::default()).expect("a request")
}

fn reply(dialect: Dialect) -> Vec<u8> {
    let chat = codec::of(Dialect::OpenAiChat).read_reply(ANSWER.as_bytes()).expect("a reply");
    codec::of(dialect).write_reply(&chat, &ABOUT)
}

/// A conversation of about `size` bytes: with a tool and its history, then turns of prose, or images where it is large.
fn conversation(size: usize) -> String {
    let mut chat = String::from(HEAD);
    while chat.len() + TAIL.len() + 100 < size {
        let left = size - chat.len() - TAIL.len();
        if size < 1 << 20 {
            let prose = PROSE.repeat(left.min(3000).div_ceil(PROSE.len()).saturating_sub(1).max(1));
            chat += &format!(r#",{{"role":"user","content":"{prose}"}}"#);
        } else {
            let data = "iVBORw0KGgoAAAANSUhEUgAA".repeat(left.min(350_000) / 24);
            chat += &format!(
                r#",{{"role":"user","content":[{{"type":"text","text":"What is this?"}},{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{data}"}}}}]}}"#
            );
        }
    }
    chat + TAIL
}

const HEAD: &str = r#"{"model":"bench","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"What is the weather in Oslo?\nAnd tomorrow?"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_0123456789","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\",\"days\":2}"}}]},{"role":"tool","tool_call_id":"call_0123456789","content":"Snow, -3 degrees; sun, 1 degree"}"#;

const TAIL: &str = r#"],"tools":[{"type":"function","function":{"name":"weather","description":"The weather of a city","parameters":{"type":"object","properties":{"city":{"type":"string","description":"Its name"},"days":{"type":"integer"}},"required":["city"]}}}],"temperature":0.7,"max_tokens":1000}"#;

/// Prose with as many escapes as prose has.
const PROSE: &str = "It was late in the evening when the traveller arrived; the village lay deep in snow.\\n\\nHe stood \
    for a long time on the wooden bridge, and said: \\\"Is there a castle here?\\\" Nobody answered. ";

const ANSWER: &str = r#"{"id":"chatcmpl-0123456789abcdef","object":"chat.completion","created":1700000000,"model":"bench-large-2026-01-01","choices":[{"index":0,"message":{"role":"assistant","content":"It snows in Oslo, at -3 degrees.\n\nTomorrow the sun will shine, and it will be 1 degree. Shall I look further ahead, or at another city?","refusal":null,"tool_calls":[{"id":"call_0123456789","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\",\"days\":7}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":180,"completion_tokens":60,"total_tokens":240}}"#;

fn call() -> PartStart<'static> {
    PartStart::ToolCall { id: "call_0123456789".into(), name: "write_file".into(), free_form: false }
}

fn call_pieces() -> impl Iterator<Item = &'static str> {
    ["{\"text\":\""].into_iter().chain([" word"; EVENTS]).chain(["\"}"])
}

/// A stream with one part, as `dialect` writes it: what each event makes is a chunk.
fn stream<'p>(dialect: Dialect, start: PartStart<'p>, pieces: impl Iterator<Item = &'p str>) -> Vec<Bytes> {
    let reason = if start == PartStart::Text { StopReason::End } else { StopReason::ToolCalls };
    let begin = Event::Start { id: "chatcmpl-0123".into(), model: "bench".into(), created: None, service_tier: None };
    let piece = |text| Event::Delta { choice: 0, part: 0, delta: Delta::Text(Str::new(text)) };
    let usage = Usage { input: Some(180), output: Some(60), ..Usage::default() };
    let events = [begin, Event::PartStart { choice: 0, part: 0, start }].into_iter().chain(pieces.map(piece)).chain([
        Event::PartEnd { choice: 0, part: 0 },
        Event::Stop { choice: 0, stop: Stop { reason, ..Stop::default() } },
        Event::Usage(usage),
        Event::End,
    ]);
    let mut writer = codec::of(dialect).write_stream(&ABOUT);
    let chunks = events.map(|event| {
        let mut chunk = Vec::new();
        writer.event(&event, &mut chunk);
        Bytes::from(chunk)
    });
    chunks.filter(|chunk| !chunk.is_empty()).collect()
}
