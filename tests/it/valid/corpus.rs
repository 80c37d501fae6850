//! The requests that are written in every other dialect: recorded ones, and some of ours.

use std::collections::HashSet;
use std::path::Path;

use outrider::canonical::Dialect;
use serde_json::{Map, Value, json};

use crate::captures::recordings;
use crate::translated_recordings::recorded::{ARCHIVES, unpacked};

/// A client's request.
pub struct Ask {
    /// Its name: of an exchange its id, of a file its path.
    pub id: String,
    /// In which dialect.
    pub dialect: Dialect,
    /// It has the form of Ollama's `/api/generate`.
    pub generate: bool,
    /// What it says.
    pub body: Value,
}

/// The files of recorded exchanges. InvokeModel and Vertex carry Anthropic's format, among others.
const FILES: [(&str, Dialect); 13] = [
    ("openai.chat", Dialect::OpenAiChat),
    ("openai.responses", Dialect::OpenAiResponses),
    ("anthropic.messages", Dialect::Anthropic),
    ("vertex.anthropic", Dialect::Anthropic),
    ("bedrock.invoke", Dialect::Anthropic),
    ("bedrock.invoke-stream", Dialect::Anthropic),
    ("gemini.generateContent", Dialect::Gemini),
    ("gemini.streamGenerateContent", Dialect::Gemini),
    ("bedrock.converse", Dialect::Bedrock),
    ("bedrock.converse-stream", Dialect::Bedrock),
    ("cohere.v2.chat", Dialect::Cohere),
    ("ollama.chat", Dialect::Ollama),
    ("ollama.generate", Dialect::Ollama),
];

/// The folders of the archive of conversations, by the format of what is in them.
const FOLDERS: [(&str, Dialect); 9] = [
    ("chat-completions", Dialect::OpenAiChat),
    ("baseten", Dialect::OpenAiChat),
    ("responses", Dialect::OpenAiResponses),
    ("anthropic", Dialect::Anthropic),
    ("bedrock-anthropic", Dialect::Anthropic),
    ("vertex-anthropic", Dialect::Anthropic),
    ("google", Dialect::Gemini),
    ("vertex-google", Dialect::Gemini),
    ("bedrock", Dialect::Bedrock),
];

/// Requests by hand, a list for each dialect: what was not recorded, and the ends of what is allowed.
const OWN: &str = include_str!("own.json");

/// Requests that say as much as their dialect can.
pub fn own() -> Vec<Ask> {
    let lists: Map<String, Value> = serde_json::from_str(OWN).unwrap();
    let asks = lists.into_iter().flat_map(|(name, list)| {
        let dialect = Dialect::from_name(&name).unwrap();
        let bodies = list.as_array().unwrap().clone();
        let asks = bodies.into_iter().enumerate();
        asks.map(move |(number, body)| Ask { id: format!("own-{name}-{number}"), dialect, generate: false, body })
    });
    asks.collect()
}

/// Every recorded request for a chat, each once.
pub fn recorded(folder: &Path) -> Vec<Ask> {
    let mut all = Vec::new();
    for (file, dialect) in FILES {
        let name = format!("{file}.jsonl.gz");
        let exchanges = recordings(folder, &name).filter(|exchange| exchange["status"] == 200);
        let asks = exchanges.map(|mut exchange| Ask {
            id: exchange["id"].as_str().unwrap_or_default().to_owned(),
            dialect,
            generate: file == "ollama.generate",
            body: exchange["req"].take(),
        });
        let before = all.len();
        all.extend(asks.filter(|ask| is_chat(file, &ask.body)));
        assert!(all.len() > before, "{file}");
    }
    for (path, text) in unpacked(&folder.join(ARCHIVES[0])) {
        let mut places = path.rsplit('/');
        let is_request = places.next().is_some_and(|name| name.ends_with("request.json"));
        let folder = places.next().unwrap_or_default();
        let Some((_, dialect)) = FOLDERS.iter().find(|(name, _)| is_request && *name == folder) else { continue };
        let body = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
        all.push(Ask { id: path, dialect: *dialect, generate: false, body });
    }
    let mut known = HashSet::new();
    all.retain(|ask| known.insert(ask.body.to_string()));
    all
}

/// InvokeModel carries each maker's own format; and a message alone is no request for one.
fn is_chat(file: &str, body: &Value) -> bool {
    match file {
        "bedrock.invoke" | "bedrock.invoke-stream" => {
            body["anthropic_version"].is_string() && body["messages"].is_array()
        }
        "anthropic.messages" => body["messages"].is_array(),
        _ => body.is_object(),
    }
}

impl Ask {
    /// Where and what a client asks `model`.
    pub fn of(&self, model: &str, stream: bool) -> (String, Value) {
        let mut body = self.body.clone();
        let in_path = model.replace('/', "%2F").replace(':', "%3A");
        let path = match self.dialect {
            Dialect::OpenAiChat => "/v1/chat/completions".to_owned(),
            Dialect::OpenAiResponses => "/v1/responses".to_owned(),
            Dialect::Anthropic => "/v1/messages".to_owned(),
            Dialect::Cohere => "/v2/chat".to_owned(),
            Dialect::Ollama if self.generate => "/api/generate".to_owned(),
            Dialect::Ollama => "/api/chat".to_owned(),
            Dialect::Gemini if stream => format!("/v1beta/models/{in_path}:streamGenerateContent?alt=sse"),
            Dialect::Gemini => format!("/v1beta/models/{in_path}:generateContent"),
            Dialect::Bedrock if stream => format!("/model/{in_path}/converse-stream"),
            Dialect::Bedrock => format!("/model/{in_path}/converse"),
        };
        if !matches!(self.dialect, Dialect::Gemini | Dialect::Bedrock) {
            body["model"] = json!(model);
            body["stream"] = json!(stream);
        }
        if let Some(members) = body.as_object_mut().filter(|_| !stream) {
            members.remove("stream_options");
        }
        (path, body)
    }
}
