//! What a provider does with a request: a script of bytes, waits and endings, made by a behaviour with a name.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::Seen;
use super::answer::{Answer, sse, stream};

/// One step of a reply.
#[derive(Clone, Debug)]
pub enum Step {
    /// These bytes go out.
    Write(Bytes),
    /// These bytes go out again and again, until the other side leaves.
    Repeat(Bytes),
    /// The same with a pause before each time.
    Drip(Bytes, Duration),
    /// Nothing for so long.
    Pause(Duration),
    /// Waits until the test calls `release`.
    Gate,
    /// Nothing more, until the other side leaves.
    Silence,
    /// Whatever comes in is counted aloud.
    Echo,
    /// The connection is closed in good order.
    Close,
    /// The connection is reset.
    Reset,
}

/// The steps of one reply. Where none of them closes, the connection serves again.
pub type Script = Vec<Step>;

/// Makes the script for a request.
#[derive(Clone)]
pub struct Behaviour(Arc<dyn Fn(&Seen) -> Script + Send + Sync>);

impl Behaviour {
    /// The script depends on the request.
    pub fn new(script: impl Fn(&Seen) -> Script + Send + Sync + 'static) -> Self {
        Self(Arc::new(script))
    }

    /// The script for that request.
    pub fn react(&self, request: &Seen) -> Script {
        (self.0)(request)
    }

    /// Answers as a good provider does, streamed where that was asked.
    pub fn ok() -> Self {
        Self::new(|request| framed(&Answer::good(request)))
    }

    /// A stream of so many words, framed by the end of the connection alone.
    pub fn unframed_stream(tokens: usize) -> Self {
        Self::new(move |request| {
            let answer = Answer::events(stream(&request.json(), tokens));
            let mut script = vec![Step::Write(head(&answer, "connection: close\r\n"))];
            script.extend(answer.pieces.into_iter().map(Step::Write));
            script.push(Step::Close);
            script
        })
    }

    /// A stream that says one word for ever.
    pub fn endless_stream() -> Self {
        let word = sse(json!({"choices": [{"index": 0, "delta": {"content": "again "}, "finish_reason": null}]}));
        Self::steps([head_only("text/event-stream"), Step::Repeat(chunked(&word))])
    }

    /// Always exactly that answer: a stream where it has several pieces.
    pub fn answer(answer: Answer) -> Self {
        Self::new(move |_| framed(&answer))
    }

    /// The answer depends on the request.
    pub fn choosing(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::new(move |request| framed(&answer(request)))
    }

    /// A stream of so many words.
    pub fn stream(tokens: usize) -> Self {
        Self::new(move |request| framed(&Answer::events(stream(&request.json(), tokens))))
    }

    /// That status, with an error in OpenAI's shape.
    pub fn status(status: u16) -> Self {
        Self::answer(error(status))
    }

    /// 429 with that header, as providers say when to come back.
    pub fn rate_limited(header: &str, value: &str) -> Self {
        Self::answer(error(429).with_header(header, value))
    }

    /// 200, but the body is an error.
    pub fn error_in_a_200() -> Self {
        Self::answer(Answer { status: 200, ..error(500) })
    }

    /// A stream whose first event is an error.
    pub fn error_as_first_event() -> Self {
        Self::answer(Answer::events(vec![sse(
            json!({"error": {"message": "the model fell over", "type": "server_error"}}),
        )]))
    }

    /// 200 without a body.
    pub fn empty() -> Self {
        Self::answer(Answer::body(200, "application/json", ""))
    }

    /// A stream that ends before it says anything.
    pub fn empty_stream() -> Self {
        Self::steps([head_only("text/event-stream"), Step::Write("0\r\n\r\n".into())])
    }

    /// Reads the request and never answers.
    pub fn hang() -> Self {
        Self::steps([Step::Silence])
    }

    /// The connection breaks before any byte of a reply.
    pub fn reset() -> Self {
        Self::steps([Step::Reset])
    }

    /// The connection ends before any byte of a reply.
    pub fn close() -> Self {
        Self::steps([Step::Close])
    }

    /// A head, and then silence.
    pub fn silent_after_head() -> Self {
        Self::steps([head_only("text/event-stream"), Step::Silence])
    }

    /// A stream that stays open with comments and a role, but says nothing.
    pub fn only_keepalives() -> Self {
        let role = sse(json!({"choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": null}]}));
        let comment = chunked(b": PROCESSING\n\n");
        let head = head_only("text/event-stream");
        Self::steps([
            head,
            Step::Write(comment.clone()),
            Step::Write(chunked(&role)),
            Step::Write(comment),
            Step::Silence,
        ])
    }

    /// Something that is not HTTP.
    pub fn garbage() -> Self {
        Self::steps([Step::Write("SSH-2.0-OpenSSH_9.2p1\r\n\x00\x01\x02\r\n\r\n".into()), Step::Close])
    }

    /// A reply head with one header of that many bytes.
    pub fn large_header(bytes: usize) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-large: {}\r\n\r\n{{}}", "x".repeat(bytes));
        Self::steps([Step::Write(head.into()), Step::Close])
    }

    /// Becomes another protocol, which counts bytes aloud.
    pub fn upgrade() -> Self {
        let head = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";
        Self::steps([Step::Write(head.into()), Step::Echo])
    }

    /// Exactly those steps, whatever was asked.
    pub fn steps(steps: impl IntoIterator<Item = Step>) -> Self {
        let steps: Script = steps.into_iter().collect();
        Self::new(move |_| steps.clone())
    }

    /// The same reply up to its `pieces`th piece of body, and then `then`.
    pub fn after_pieces(self, pieces: usize, then: Step) -> Self {
        Self::new(move |request| {
            let mut script = self.react(request);
            script.truncate(1 + pieces);
            script.push(then.clone());
            script
        })
    }

    /// The same reply up to the first piece of body with `words` in it, and then `then`.
    pub fn until(self, words: &'static str, then: Step) -> Self {
        Self::new(move |request| {
            let has =
                |step: &Step| matches!(step, Step::Write(bytes) if String::from_utf8_lossy(bytes).contains(words));
            let mut script = self.react(request);
            if let Some(at) = script.iter().position(has) {
                script.truncate(at + 1);
                script.push(then.clone());
            }
            script
        })
    }

    /// The same reply with a wait at the gate before its `pieces`th piece of body.
    pub fn gated_after(self, pieces: usize) -> Self {
        Self::new(move |request| {
            let mut script = self.react(request);
            script.insert((1 + pieces).min(script.len()), Step::Gate);
            script
        })
    }

    /// The same reply up to its `bytes`th byte of framed body, and then the connection closes.
    pub fn cut_after(self, bytes: usize) -> Self {
        Self::new(move |request| {
            let (head, body) = halves(self.react(request));
            let kept = body.slice(..bytes.min(body.len()));
            vec![head, Step::Write(kept), Step::Close]
        })
    }

    /// The same reply in writes of `size` bytes.
    pub fn in_writes_of(self, size: usize) -> Self {
        Self::new(move |request| {
            let (head, body) = halves(self.react(request));
            std::iter::once(head)
                .chain(body.chunks(size).map(|piece| Step::Write(Bytes::copy_from_slice(piece))))
                .collect()
        })
    }
}

/// An error in OpenAI's shape, telling its status, so that a test knows whose error it got.
fn error(status: u16) -> Answer {
    let body = json!({"error": {"message": format!("provider says {status}"), "type": "provider_error",
        "param": null, "code": null}});
    Answer::json(status, &body)
}

/// One piece is sent with its length, several as chunks, one write each.
pub fn framed(answer: &Answer) -> Script {
    let streamed = answer.headers[0].1.starts_with("text/event-stream") || answer.pieces.len() > 1;
    if let ([whole], false) = (answer.pieces.as_slice(), streamed) {
        let length = format!("content-length: {}\r\n", whole.len());
        return vec![Step::Write(head(answer, &length)), Step::Write(whole.clone())];
    }
    let mut script = vec![Step::Write(head(answer, "transfer-encoding: chunked\r\n"))];
    script.extend(answer.pieces.iter().map(|piece| Step::Write(chunked(piece))));
    script.push(Step::Write("0\r\n\r\n".into()));
    script
}

fn head(answer: &Answer, framing: &str) -> Bytes {
    let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {} Whatever\r\n{headers}{framing}\r\n", answer.status).into()
}

fn head_only(content_type: &str) -> Step {
    Step::Write(head(&Answer::body(200, content_type, ""), "transfer-encoding: chunked\r\n"))
}

/// A piece of a body, as HTTP frames it.
pub fn chunked(piece: &[u8]) -> Bytes {
    [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat().into()
}

/// The head, and the rest of what a script writes in one piece.
pub fn halves(script: Script) -> (Step, Bytes) {
    let mut steps = script.into_iter();
    let head = steps.next().expect("a head");
    let body: Vec<u8> =
        steps.flat_map(|step| if let Step::Write(bytes) = step { bytes.to_vec() } else { Vec::new() }).collect();
    (head, body.into())
}
