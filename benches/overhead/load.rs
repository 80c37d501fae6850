//! What is sent and what is answered.

use std::sync::LazyLock;

use super::anthropic;

/// One kind of traffic.
pub struct Load {
    /// As the report calls it.
    pub name: &'static str,
    /// What the client asks for, and with that in which dialect the upstream answers.
    pub model: Model,
    /// What is counted: calls, or events.
    pub unit: &'static str,
    /// How many of them one call has.
    pub units: usize,
    /// Bytes of the request's body.
    pub request: usize,
    /// How the upstream answers.
    pub reply: Reply,
    /// CPU against bare Pingora that Outrider should not exceed.
    pub aim: f64,
}

/// A model of the configuration that Outrider runs with. The client speaks OpenAI's Chat Completions to either.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Its provider speaks the same: bytes pass.
    Native,
    /// Its provider speaks Anthropic's Messages: everything is translated. Bare Pingora passes on what the upstream
    /// says, which is as many events and nearly as many bytes.
    Translated,
}

impl Model {
    /// As the client asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "bench",
            Self::Translated => "translated",
        }
    }

    /// The whole reply.
    pub fn json(self) -> &'static [u8] {
        match self {
            Self::Native => &JSON,
            Self::Translated => &anthropic::JSON,
        }
    }

    /// What the upstream writes of a stream, one piece for each event with a [`WORD`].
    pub fn stream(self) -> &'static [Vec<u8>] {
        match self {
            Self::Native => &STREAM,
            Self::Translated => &anthropic::STREAM,
        }
    }
}

/// How the upstream answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// A whole reply: of some 600 bytes, or of a kilobyte where it is translated.
    Json,
    /// A stream at full speed, each event with a write of its own.
    SmallWrites,
    /// A stream at full speed, in writes of 16 KiB.
    Batch,
    /// A stream whose next event is written when the client has the last: as with a real model, each comes alone.
    Lockstep,
}

/// Words of a stream, each in an event of its own.
pub const EVENTS: usize = 1000;

/// What each of these events has, in both dialects, and no other.
pub const WORD: &[u8] = b"\" word\"";

/// Everything that is measured.
pub const LOADS: [Load; 9] = [
    whole("1 KB", 1 << 10, 1.1),
    whole("100 KB", 100 << 10, 1.3),
    whole("1 MB", 1 << 20, 1.3),
    stream("SSE, one by one", Reply::Lockstep),
    stream("SSE, small writes", Reply::SmallWrites),
    stream("SSE, 16 KiB writes", Reply::Batch),
    translated(whole("1 KB, translated", 1 << 10, 1.6)),
    translated(Load { aim: 1.5, ..stream("SSE, one by one, translated", Reply::Lockstep) }),
    translated(Load { aim: 1.5, ..stream("SSE, small writes, translated", Reply::SmallWrites) }),
];

const fn whole(name: &'static str, request: usize, aim: f64) -> Load {
    Load { name, model: Model::Native, unit: "call", units: 1, request, reply: Reply::Json, aim }
}

const fn stream(name: &'static str, reply: Reply) -> Load {
    Load { name, model: Model::Native, unit: "event", units: EVENTS, request: 1 << 10, reply, aim: 1.0 }
}

const fn translated(load: Load) -> Load {
    Load { model: Model::Translated, ..load }
}

/// A chat as OpenAI's SDKs write it: `messages` first, `model` behind them.
pub fn request(load: &Load, host: &str) -> Vec<u8> {
    let stream = if load.reply == Reply::Json { "" } else { r#","stream":true"# };
    let tail = format!(r#"],"model":"{}","temperature":0.7{stream}}}"#, load.model.name());
    let mut body = String::from(r#"{"messages":[{"role":"system","content":"You are helpful."}"#);
    while body.len() + tail.len() < load.request {
        let left = load.request - body.len() - tail.len();
        body.push_str(r#",{"role":"user","content":""#);
        body.extend(PROSE.chars().cycle().take(left.saturating_sub(31).min(3000)));
        // A backslash cut off from what it escapes would not be JSON.
        while body.ends_with('\\') {
            body.pop();
        }
        body.push_str(r#""}"#);
    }
    body.push_str(&tail);
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nuser-agent: OpenAI/Python 2.0.0\r\naccept: application/json\r\n\
         authorization: Bearer sk-0123456789abcdef0123456789abcdef\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Prose with as many escapes as prose has.
const PROSE: &str = "It was late in the evening when the traveller arrived; the village lay deep in snow.\\n\\nHe stood \
    for a long time on the wooden bridge that leads from the main road to the village, looking up into what seemed to \
    be emptiness, and said: \\\"Is there a castle here?\\\" Nobody answered, and so he went on to find a bed. ";

static JSON: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = "The castle is above the village, on the hill that the fog hides. ".repeat(4);
    let body = format!(
        r#"{{"id":"chatcmpl-0123456789abcdef","object":"chat.completion","created":1700000000,"model":"gpt-bench","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":180,"completion_tokens":60,"total_tokens":240}}}}"#
    );
    whole_reply(&body)
});

/// A whole reply with its head.
pub fn whole_reply(body: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_0123456789abcdef\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + body).into_bytes()
}

/// How a stream begins.
pub const STREAM_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
    x-request-id: req_0123456789abcdef\r\ntransfer-encoding: chunked\r\n\r\n";

/// How it ends.
pub const STREAM_END: &[u8] = b"0\r\n\r\n";

/// The role, the words and `[DONE]`, each as a chunk of its own.
static STREAM: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let events = (0..=EVENTS).map(|index| {
        let delta = match index {
            0 => r#"{"role":"assistant","content":""}"#,
            _ => r#"{"content":" word"}"#,
        };
        format!(
            r#"{{"id":"chatcmpl-0123","object":"chat.completion.chunk","created":1700000000,"model":"gpt-bench","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#
        )
    });
    events.chain([String::from("[DONE]")]).map(|data| chunk(format!("data: {data}\n\n").as_bytes())).collect()
});

/// A chunk of a body whose length was not told.
pub fn chunk(content: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", content.len()).as_bytes(), content, b"\r\n"].concat()
}
