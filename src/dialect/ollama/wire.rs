//! What stands on the wire, read. Flat and lenient: what Ollama adds tomorrow is passed over.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::canonical::{Str, ToolCall as Call};
use crate::dialect::functions::ToolCall;

/// One message of a request, or the message of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) role: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) content: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Str<'a>>,
    /// In base64.
    #[serde(borrow)]
    pub(super) images: Option<Vec<Str<'a>>>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<Vec<ToolCall<'a>>>,
    /// Of a result: the tool.
    #[serde(borrow)]
    pub(super) tool_name: Option<Str<'a>>,
    /// Of a result: the call, where the client says it.
    #[serde(borrow)]
    pub(super) tool_call_id: Option<Str<'a>>,
}

/// A whole answer, or a line of one: of `/api/chat` or of `/api/generate`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) model: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) created_at: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
    /// What is said, in `/api/generate`.
    #[serde(borrow)]
    pub(super) response: Option<Str<'a>>,
    /// What is thought, in `/api/generate`.
    #[serde(borrow)]
    pub(super) thinking: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) logprobs: Option<&'a RawValue>,
    pub(super) done: Option<bool>,
    #[serde(borrow)]
    pub(super) done_reason: Option<Str<'a>>,
    pub(super) prompt_eval_count: Option<u64>,
    pub(super) eval_count: Option<u64>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

impl<'a> Answer<'a> {
    /// What it says, in whichever form. `None` where it is no answer at all.
    pub(super) fn take_message(&mut self) -> Option<Message<'a>> {
        let (response, thinking) = (self.response.take(), self.thinking.take());
        if let Some(message) = self.message.take() {
            return Some(message);
        }
        if response.is_none() && thinking.is_none() {
            return None;
        }
        Some(Message { content: response, thinking, ..Message::default() })
    }
}

/// A call. `answer` names what it stands in, where it has no id.
pub(super) fn call<'a>(wire: ToolCall<'a>, answer: &str, at: usize) -> Call<'a> {
    wire.read(answer, at, arguments)
}

fn arguments(raw: Option<&RawValue>) -> Str<'_> {
    match raw.map(RawValue::get) {
        None | Some("null") => Str::default(),
        Some(text) if text.starts_with('"') => serde_json::from_str(text).unwrap_or_default(),
        Some(json) => json.into(),
    }
}
