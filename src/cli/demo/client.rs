//! The client: OpenAI-format calls, and a severe look at every answer.
//!
//! An answer counts only when it is whole: the body ended as HTTP says it ends, the text is there once, nothing
//! besides, and a stream said `[DONE]`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::http::{Head, more, unchunk};
use super::provider::text_for;

/// The name under which the demo's configuration offers its model.
pub const MODEL: &str = "demo";

/// Far beyond what any call of the demo may take: reaching it is a loss.
const PATIENCE: Duration = Duration::from_secs(10);

/// One whole answer.
pub struct Answer {
    /// Which call it was.
    pub number: u64,
    /// It came as a stream.
    pub streamed: bool,
    /// `x-outrider-target`: who answered.
    pub target: String,
    /// `x-outrider-attempts`: each try.
    pub attempts: String,
    /// Request sent to first byte of the answer.
    pub first_token: Duration,
}

impl Answer {
    /// How many tries failed before this answer came.
    pub fn failovers(&self) -> usize {
        self.attempts.split(',').count() - 1
    }
}

/// Makes call `number`: two of three are streamed.
pub async fn call(door: SocketAddr, key: &str, number: u64) -> Result<Answer, String> {
    match tokio::time::timeout(PATIENCE, exchange(door, key, number)).await {
        Ok(result) => result.map_err(|problem| format!("call {number}: {problem}")),
        Err(_) => Err(format!("call {number}: no whole answer within {PATIENCE:?}")),
    }
}

async fn exchange(door: SocketAddr, key: &str, number: u64) -> Result<Answer, String> {
    let streamed = !number.is_multiple_of(3);
    let prompt = format!("hello number {number}");
    let body =
        json!({"model": MODEL, "stream": streamed, "messages": [{"role": "user", "content": prompt}]}).to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {door}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );

    let started = Instant::now();
    let mut stream = TcpStream::connect(door).await.map_err(|e| e.to_string())?;
    stream.write_all(request.as_bytes()).await.map_err(|e| e.to_string())?;
    let mut buffer = Vec::new();
    let head = Head::read(&mut stream, &mut buffer).await.map_err(|e| e.to_string())?.ok_or("no reply")?;
    let first_token = started.elapsed();
    while more(&mut stream, &mut buffer).await.map_err(|e| e.to_string())? {}

    verify(&head, &buffer, streamed, &text_for(&prompt))?;
    Ok(Answer {
        number,
        streamed,
        target: head.header("x-outrider-target").into(),
        attempts: head.header("x-outrider-attempts").into(),
        first_token,
    })
}

fn verify(head: &Head, raw: &[u8], streamed: bool, expected: &str) -> Result<(), String> {
    let body = whole_body(head, raw).ok_or("the reply broke off")?;
    let body = String::from_utf8(body).map_err(|_| "not text")?;
    if head.word(1) != "200" {
        return Err(format!("status {}: {body}", head.word(1)));
    }
    let text = if streamed { text_of_stream(&body)? } else { text_of(&body, "message").ok_or("no text")? };
    if text == expected { Ok(()) } else { Err(format!("expected {expected:?}, got {text:?}")) }
}

fn whole_body(head: &Head, raw: &[u8]) -> Option<Vec<u8>> {
    if head.header("transfer-encoding").eq_ignore_ascii_case("chunked") {
        return unchunk(raw);
    }
    match head.header("content-length").parse::<usize>() {
        Ok(length) => (raw.len() == length).then(|| raw.to_vec()),
        Err(_) => Some(raw.to_vec()),
    }
}

fn text_of_stream(body: &str) -> Result<String, String> {
    let mut events = body.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect::<Vec<_>>();
    if events.pop() != Some("[DONE]") {
        return Err("the stream ended without [DONE]".into());
    }
    Ok(events.into_iter().filter_map(|event| text_of(event, "delta")).collect())
}

fn text_of(document: &str, member: &str) -> Option<String> {
    let document: Value = serde_json::from_str(document).ok()?;
    Some(document["choices"][0][member]["content"].as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_stream_is_an_answer() {
        let delta = |text| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
        let (hel, lo) = (delta("hel"), delta("lo"));
        for (body, expected) in [
            (format!("{hel}{lo}data: [DONE]\n\n"), Some("hello")),
            (format!("{hel}data: [DONE]\n\n"), Some("hel")),
            (format!("{hel}{lo}"), None),
            (format!("{hel}{lo}data: [DONE]"), Some("hello")),
            (String::new(), None),
        ] {
            assert_eq!(text_of_stream(&body).ok().as_deref(), expected, "{body}");
        }
    }
}
