//! The recorded answers, each with its dialect, in the framing in which a provider sends it.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use outrider::canonical::Dialect;
use serde_json::{Deserializer, Value};

use super::oracle::{self, Said, frames};
use crate::captures::recordings;

/// One answer.
pub struct Recording {
    /// Its name: of an exchange its id, of a file its path.
    pub id: String,
    /// In which dialect.
    pub dialect: Dialect,
    /// It is a stream.
    pub stream: bool,
    /// As the provider sends it.
    pub bytes: Bytes,
    /// Its documents: one, unless it is a stream.
    pub documents: Vec<Value>,
}

impl Recording {
    /// What it says.
    pub fn said(&self) -> Said {
        match self.stream {
            true => oracle::stream(self.dialect, &self.documents),
            false => oracle::whole(self.dialect, &self.documents[0]),
        }
    }
}

/// The files of recorded exchanges.
pub const FILES: [(&str, Dialect); 11] = [
    ("openai.chat", Dialect::OpenAiChat),
    ("openai.responses", Dialect::OpenAiResponses),
    ("anthropic.messages", Dialect::Anthropic),
    ("vertex.anthropic", Dialect::Anthropic),
    ("bedrock.invoke", Dialect::Anthropic),
    ("gemini.generateContent", Dialect::Gemini),
    ("gemini.streamGenerateContent", Dialect::Gemini),
    ("bedrock.converse", Dialect::Bedrock),
    ("bedrock.converse-stream", Dialect::Bedrock),
    ("cohere.v2.chat", Dialect::Cohere),
    ("ollama.chat", Dialect::Ollama),
];

/// Archives of single answers. Their formats are known by their looks.
pub const ARCHIVES: [&str; 2] = ["same-case-many-dialects.tar.xz", "newest-features.tar.xz"];

/// Every recorded answer under a 200. What is no chat, or was not recorded, is left out.
pub fn answers(folder: &Path) -> Vec<Recording> {
    let mut all = Vec::new();
    for (file, dialect) in FILES {
        let before = all.len();
        let file = format!("{file}.jsonl.gz");
        let good = recordings(folder, &file).filter(|exchange| exchange["status"] == 200);
        all.extend(good.filter_map(|exchange| exchanged(&exchange, dialect)));
        assert!(all.len() > before, "{file}");
    }
    for archive in ARCHIVES {
        let before = all.len();
        all.extend(unpacked(&folder.join(archive)).iter().flat_map(|(path, text)| filed(path, text)));
        assert!(all.len() > before + 100, "{archive}");
    }
    all
}

/// The answer of an exchange.
pub fn exchanged(exchange: &Value, dialect: Dialect) -> Option<Recording> {
    let id = exchange["id"].as_str()?.to_owned();
    if let Some(coded) = exchange["resp_b64"].as_str() {
        let bytes = STANDARD.decode(coded).unwrap();
        let documents = frames::aws_events(&bytes).unwrap_or_else(|e| panic!("{id}: {e}"));
        return Some(Recording { id, dialect, stream: true, bytes: bytes.into(), documents });
    }
    let text = exchange["resp_text"].as_str()?;
    match text.trim_start().as_bytes().first()? {
        b'{' => {
            let documents: Vec<Value> = Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().ok()?;
            if file_is_of_another_model(&documents[0], dialect) {
                return None;
            }
            let stream = documents.len() > 1;
            Some(Recording { id, dialect, stream, bytes: Bytes::copy_from_slice(text.as_bytes()), documents })
        }
        // One JSON array is what Gemini sends who does not ask for server-sent events; Outrider does ask for them.
        b'[' => streamed(id, dialect, frames::array(text.as_bytes()).ok()?),
        _ => {
            let documents = frames::sse(text.as_bytes()).ok()?;
            Some(Recording { id, dialect, stream: true, bytes: Bytes::copy_from_slice(text.as_bytes()), documents })
        }
    }
}

/// InvokeModel carries each maker's own format; only Claude's is one of ours.
fn file_is_of_another_model(document: &Value, dialect: Dialect) -> bool {
    dialect == Dialect::Anthropic && document["type"] != "message"
}

/// The answers in a file: a whole one, or streams one behind the other, as a JSON array of documents or these one a
/// line.
fn filed(path: &str, text: &str) -> Vec<Recording> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.contains("request") || path.contains("interactions") || path.contains("live") {
        return Vec::new();
    }
    if path.ends_with(".chunks.txt") || path.ends_with("-streaming.json") {
        let documents = frames::array(text.as_bytes()).or_else(|_| frames::lines(text.as_bytes())).unwrap_or_default();
        let mut streams = vec![Vec::new()];
        for document in documents {
            let is_last = ["message_stop", "response.completed"].iter().any(|kind| document["type"] == *kind);
            streams.last_mut().unwrap().push(document);
            if is_last {
                streams.push(Vec::new());
            }
        }
        let named = |(number, documents): (usize, Vec<Value>)| {
            let dialect = documents.iter().find_map(dialect_of_event)?;
            streamed(if number == 0 { path.to_owned() } else { format!("{path}#{number}") }, dialect, documents)
        };
        return streams.into_iter().enumerate().filter_map(named).collect();
    }
    let whole = |document: Value| {
        let dialect = dialect_of_answer(&document)?;
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        Some(Recording { id: path.to_owned(), dialect, stream: false, bytes, documents: vec![document] })
    };
    serde_json::from_str(text).ok().and_then(whole).into_iter().collect()
}

/// A stream in its framing, from its documents.
fn streamed(id: String, dialect: Dialect, documents: Vec<Value>) -> Option<Recording> {
    let mut bytes = framed(dialect, &documents)?;
    if dialect == Dialect::OpenAiChat {
        bytes.extend(b"data: [DONE]\n\n");
    }
    Some(Recording { id, dialect, stream: true, bytes: bytes.into(), documents })
}

/// Documents of a stream in the framing of their dialect.
pub fn framed(dialect: Dialect, documents: &[Value]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for document in documents {
        let framed = match dialect {
            Dialect::OpenAiChat | Dialect::Gemini => format!("data: {document}\n\n").into_bytes(),
            Dialect::OpenAiResponses | Dialect::Anthropic | Dialect::Cohere => {
                format!("event: {}\ndata: {document}\n\n", document["type"].as_str()?).into_bytes()
            }
            Dialect::Bedrock => {
                let (kind, payload) = document.as_object()?.iter().next()?;
                frames::aws_message(kind, payload.to_string().as_bytes())
            }
            Dialect::Ollama => format!("{document}\n").into_bytes(),
        };
        bytes.extend(framed);
    }
    Some(bytes)
}

fn dialect_of_answer(document: &Value) -> Option<Dialect> {
    let has = |pointer: &str| document.pointer(pointer).is_some();
    Some(match document["object"].as_str() {
        Some("response") => Dialect::OpenAiResponses,
        _ if has("/choices/0/message") => Dialect::OpenAiChat,
        _ if document["type"] == "message" && has("/content") => Dialect::Anthropic,
        _ if has("/candidates/0") || has("/promptFeedback") => Dialect::Gemini,
        _ if has("/output/message") => Dialect::Bedrock,
        _ if has("/finish_reason") && has("/message") => Dialect::Cohere,
        _ if has("/done") && has("/message") => Dialect::Ollama,
        _ => return None,
    })
}

fn dialect_of_event(document: &Value) -> Option<Dialect> {
    let kind = document["type"].as_str().unwrap_or_default();
    Some(match kind {
        "message_start" => Dialect::Anthropic,
        "message-start" => Dialect::Cohere,
        _ if kind.starts_with("response.") => Dialect::OpenAiResponses,
        _ if document["object"] == "chat.completion.chunk" => Dialect::OpenAiChat,
        _ if document["candidates"].is_array() => Dialect::Gemini,
        _ if document["messageStart"].is_object() => Dialect::Bedrock,
        _ => return None,
    })
}

/// The files of an archive with their paths in it, in their order. `tar` knows how: a library for it would be one more
/// to keep for the sake of a test.
pub fn unpacked(archive: &Path) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new("tar").arg("-xJf").arg(archive).arg("-C").arg(folder.path()).status();
    assert!(done.is_ok_and(|status| status.success()), "tar and xz are needed to unpack {archive:?}");
    let mut files = Vec::new();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                files.push((path.strip_prefix(folder.path()).unwrap().display().to_string(), text));
            }
        }
    }
    files.sort();
    files
}
