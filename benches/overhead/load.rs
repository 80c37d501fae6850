//! What is sent and what is answered.

use std::sync::LazyLock;

/// One kind of traffic.
pub struct Load {
    /// As the report calls it.
    pub name: &'static str,
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

/// How the upstream answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// A whole reply of some 600 bytes.
    Json,
    /// A stream at full speed, each event with a write of its own.
    SmallWrites,
    /// A stream at full speed, in writes of 16 KiB.
    Batch,
    /// A stream whose next event is written when the client has the last: as with a real model, each comes alone.
    Lockstep,
}

/// Events of a stream, without `[DONE]`.
pub const EVENTS: usize = 1000;

/// Everything that is measured.
pub const LOADS: [Load; 6] = [
    whole("1 KB", 1 << 10, 1.1),
    whole("100 KB", 100 << 10, 1.3),
    whole("1 MB", 1 << 20, 1.3),
    stream("SSE, one by one", Reply::Lockstep),
    stream("SSE, small writes", Reply::SmallWrites),
    stream("SSE, 16 KiB writes", Reply::Batch),
];

const fn whole(name: &'static str, request: usize, aim: f64) -> Load {
    Load { name, unit: "call", units: 1, request, reply: Reply::Json, aim }
}

const fn stream(name: &'static str, reply: Reply) -> Load {
    Load { name, unit: "event", units: EVENTS, request: 1 << 10, reply, aim: 1.0 }
}

/// A chat as OpenAI's SDKs write it: `messages` first, `model` behind them.
pub fn request(load: &Load, host: &str) -> Vec<u8> {
    let stream = if load.reply == Reply::Json { "" } else { r#","stream":true"# };
    let tail = format!(r#"],"model":"bench","temperature":0.7{stream}}}"#);
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

/// The whole reply.
pub static JSON: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = "The castle is above the village, on the hill that the fog hides. ".repeat(4);
    let body = format!(
        r#"{{"id":"chatcmpl-0123456789abcdef","object":"chat.completion","created":1700000000,"model":"gpt-bench","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":180,"completion_tokens":60,"total_tokens":240}}}}"#
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_0123456789abcdef\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
});

/// How a stream begins.
pub const STREAM_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
    x-request-id: req_0123456789abcdef\r\ntransfer-encoding: chunked\r\n\r\n";

/// How it ends.
pub const STREAM_END: &[u8] = b"0\r\n\r\n";

/// The events of a stream, `[DONE]` included, each as a chunk of its own.
pub static STREAM: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let events = (0..EVENTS).map(|index| {
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

fn chunk(content: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", content.len()).as_bytes(), content, b"\r\n"].concat()
}
