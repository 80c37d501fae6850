//! A simulated provider: OpenAI's format over a real socket, and every way to fail on command.
//!
//! It answers with a text that follows from the prompt ([`text_for`]), so that the client can tell a whole answer
//! from a damaged one without knowing who gave it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::http::{Head, read_body};

/// A pause before the first token and between two: quick for a model, slow enough to be seen.
const THINKING: Duration = Duration::from_millis(25);
const PER_TOKEN: Duration = Duration::from_millis(4);

/// How a provider behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Answers.
    Healthy,
    /// Answers every request with 500.
    ServerError,
    /// Takes every request and never says a word.
    Hang,
    /// Begins every reply and drops the connection before the first token.
    Cut,
}

const MODES: [Mode; 4] = [Mode::Healthy, Mode::ServerError, Mode::Hang, Mode::Cut];

/// A provider that is up for as long as the process.
pub struct Provider {
    /// Where it listens.
    pub address: SocketAddr,
    mode: Arc<AtomicU8>,
}

impl Provider {
    /// Opens a provider that accepts `key` and nothing else.
    pub async fn open(key: &'static str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let provider = Self { address: listener.local_addr()?, mode: Arc::default() };
        let mode = provider.mode.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mode = mode.clone();
                // A broken connection is the business of the other end.
                tokio::spawn(async move { converse(stream, key, &mode).await.ok() });
            }
        });
        Ok(provider)
    }

    /// Changes how requests from now on are answered.
    pub fn behave(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::Relaxed);
    }
}

/// The one right answer to a prompt.
pub fn text_for(prompt: &str) -> String {
    format!("You said {prompt:?} and here is the whole answer, each word of it once.")
}

async fn converse(mut stream: TcpStream, key: &str, mode: &AtomicU8) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(head) = Head::read(&mut stream, &mut buffer).await? {
        let length = head.header("content-length").parse().unwrap_or(0);
        let body = read_body(&mut stream, &mut buffer, length).await?;
        match MODES[mode.load(Ordering::Relaxed) as usize] {
            Mode::Healthy => answer(&mut stream, &head, key, &body).await?,
            Mode::ServerError => refuse(&mut stream, "500 Internal Server Error", "the model crashed").await?,
            // Until the other end has had enough.
            Mode::Hang => return stream.read(&mut [0]).await.map(drop),
            Mode::Cut => return cut(&mut stream).await,
        }
        if head.header("connection").eq_ignore_ascii_case("close") {
            break;
        }
    }
    Ok(())
}

async fn answer(stream: &mut TcpStream, head: &Head, key: &str, body: &[u8]) -> io::Result<()> {
    if head.header("authorization").strip_prefix("Bearer ") != Some(key) {
        return refuse(stream, "401 Unauthorized", "not the key of this provider").await;
    }
    if head.word(0) == "GET" {
        return send(stream, "200 OK", &json!({"object": "list", "data": []})).await;
    }
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let prompt = request["messages"].as_array().and_then(|all| all.last()?["content"].as_str());
    let Some(prompt) = prompt else {
        return refuse(stream, "400 Bad Request", "the demo's providers know chat and text alone").await;
    };
    tokio::time::sleep(THINKING).await;
    let text = text_for(prompt);
    let model = request["model"].as_str().unwrap_or_default();
    if request["stream"] == true {
        send_stream(stream, model, &text).await
    } else {
        send_whole(stream, model, &text).await
    }
}

async fn send_whole(stream: &mut TcpStream, model: &str, text: &str) -> io::Result<()> {
    let message = json!({"role": "assistant", "content": text});
    let reply = json!({
        "id": "chatcmpl-demo", "object": "chat.completion", "created": 0, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage(text),
    });
    send(stream, "200 OK", &reply).await
}

async fn send_stream(stream: &mut TcpStream, model: &str, text: &str) -> io::Result<()> {
    begin_stream(stream, model).await?;
    for word in text.split_inclusive(' ') {
        tokio::time::sleep(PER_TOKEN).await;
        let choice = json!({"index": 0, "delta": {"content": word}, "finish_reason": null});
        send_event(stream, &event(model, json!([choice])).to_string()).await?;
    }
    let stop = json!({"index": 0, "delta": {}, "finish_reason": "stop"});
    let mut last = event(model, json!([stop]));
    last["usage"] = usage(text);
    send_event(stream, &last.to_string()).await?;
    send_event(stream, "[DONE]").await?;
    stream.write_all(b"0\r\n\r\n").await
}

/// A beginning as providers make it, without a word of the answer in it.
async fn begin_stream(stream: &mut TcpStream, model: &str) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let choice = json!({"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null});
    send_event(stream, &event(model, json!([choice])).to_string()).await
}

async fn cut(stream: &mut TcpStream) -> io::Result<()> {
    begin_stream(stream, "demo").await?;
    stream.shutdown().await
}

fn event(model: &str, choices: Value) -> Value {
    json!({"id": "chatcmpl-demo", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": choices})
}

async fn send_event(stream: &mut TcpStream, data: &str) -> io::Result<()> {
    let event = format!("data: {data}\n\n");
    stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).await
}

async fn refuse(stream: &mut TcpStream, status: &str, message: &str) -> io::Result<()> {
    let error = json!({"message": message, "type": "server_error", "param": null, "code": null});
    send(stream, status, &json!({"error": error})).await
}

async fn send(stream: &mut TcpStream, status: &str, body: &Value) -> io::Result<()> {
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await
}

fn usage(text: &str) -> Value {
    let words = text.split(' ').count();
    json!({"prompt_tokens": 9, "completion_tokens": words, "total_tokens": 9 + words})
}

#[cfg(test)]
mod tests {
    use super::super::client::call;
    use super::*;

    #[tokio::test]
    async fn each_mode_is_told_from_an_answer() {
        let provider = Provider::open("key-of-the-client").await.unwrap();
        for number in 0..4 {
            call(provider.address, "key-of-the-client", number).await.unwrap();
        }
        for mode in [Mode::ServerError, Mode::Cut] {
            provider.behave(mode);
            for number in 0..4 {
                assert!(call(provider.address, "key-of-the-client", number).await.is_err(), "{mode:?}, call {number}");
            }
        }
        provider.behave(Mode::Healthy);
        assert!(call(provider.address, "another-key", 0).await.is_err());
    }
}
