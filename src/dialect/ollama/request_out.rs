//! A request, written, for `/api/chat`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::messages_out::{self, MessageOut};
use super::options::{self, PREFIX};
use super::tools_out::{self, FormatOut};
use crate::canonical::effort::clamp;
use crate::canonical::{Dialect, Fault, FaultKind, Foreign, Lost, Raw, Request, Thinking};
use crate::dialect::codec::Target;
use crate::dialect::flat;
use crate::dialect::functions::ToolOut;

#[derive(Serialize)]
struct Body<'r> {
    model: &'r str,
    messages: Vec<MessageOut<'r>>,
    /// Always said: a stream is the default.
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolOut<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<FormatOut<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    #[serde(skip_serializing_if = "Object::is_empty")]
    options: Object<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u64>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Think {
    Switch(bool),
    Level(&'static str),
}

/// Members in their order.
struct Object<'r>(Vec<(&'r str, Raw<'r>)>);

impl Object<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, json) in &self.0 {
            map.serialize_entry(name, json)?;
        }
        map.end()
    }
}

/// The request as Ollama wants it.
pub(super) fn write_request(request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    let messages = messages_out::write(request, lost);
    if messages.is_empty() {
        return Err(Fault::new(FaultKind::BadRequest, "`messages`: there is nothing in them that Ollama can be told"));
    }
    flat::lose(request, is_own, lost);
    let body = Body {
        model: target.model,
        messages,
        stream: request.stream,
        tools: tools_out::write(request, lost),
        format: request.format.as_ref().and_then(|format| tools_out::format(format, lost)),
        think: think(&request.reasoning),
        options: Object(options::write(request)),
        logprobs: request.logprobs.filter(|wanted| *wanted),
        top_logprobs: request.top_logprobs.filter(|count| *count > 0),
    };
    // Strings, numbers and JSON alone: writing them cannot fail.
    let mut out = serde_json::to_vec(&body).unwrap_or_default();
    // Options are in theirs.
    flat::append(&mut out, request.others.iter().filter(|other| is_own(other) && !other.kind.starts_with(PREFIX)));
    Ok(out)
}

/// Members of `/api/generate` that `/api/chat` does not know.
const OF_GENERATE: [&str; 4] = ["context", "raw", "suffix", "template"];

/// A member that can be written again.
fn is_own(other: &Foreign<'_>) -> bool {
    other.dialect == Dialect::Ollama && !OF_GENERATE.contains(&other.kind.as_str())
}

fn think(thinking: &Thinking<'_>) -> Option<Think> {
    if thinking.off {
        return Some(Think::Switch(false));
    }
    let level = thinking.as_effort().and_then(|effort| clamp(effort, &["low", "medium", "high", "max"]));
    level.map(Think::Level).or_else(|| thinking.is_on().then_some(Think::Switch(true)))
}
