//! Answers in OpenRouter's words: what a provider or a writer of ours said, and beside it who said it and what it cost.
//!
//! Works on documents in the client's dialect, whoever wrote them, so it is one for all ways in which a call can be
//! served. What OpenRouter itself answers has all this, and passes as it is.

mod chat;
mod events;
mod others;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

pub use events::Events;

use crate::canonical::{Dialect, Usage};
use crate::catalogue::Facts;
use crate::dialect::doors::Operation;
use crate::money::Usd;

/// An object that is being changed.
type Object = Map<String, Value>;

/// Who answers, and what the client is to be told of it.
#[derive(Clone, Debug)]
pub struct Answerer {
    /// The client's dialect.
    pub dialect: Dialect,
    /// What it asked for.
    pub operation: Operation,
    /// The name of the answer, by which it can be asked for later.
    pub generation: String,
    /// When the call came, in seconds since 1970.
    pub created: u64,
    /// Who answers, as OpenRouter's clients know it.
    pub provider: String,
    /// The model that answers, as the client may ask for it again.
    pub model: String,
    /// What is known of it.
    pub facts: Arc<Facts>,
    /// Thoughts are not to be shown.
    pub hides_thoughts: bool,
    /// How the call was routed, where the client wants to know it.
    pub metadata: Option<Value>,
}

impl Answerer {
    /// A whole answer, as its client is to have it; `None` where it stays as it is.
    pub fn whole(&self, body: &[u8], usage: &Usage) -> Option<Bytes> {
        if matches!(self.operation, Operation::Embeddings | Operation::Embedding | Operation::Rerank) {
            return others::vectors(self, body, usage).map(Bytes::from);
        }
        let mut document: Object = serde_json::from_slice(body).ok()?;
        match (self.dialect, self.operation) {
            (Dialect::OpenAiChat, Operation::Chat | Operation::Completions) => {
                chat::whole(self, &mut document, usage);
            }
            (Dialect::OpenAiResponses, Operation::Chat) => others::response(self, &mut document, usage),
            (Dialect::Anthropic, Operation::Chat) => others::message(self, &mut document, usage),
            _ => return None,
        }
        serde_json::to_vec(&document).ok().map(Bytes::from)
    }

    /// Adds what the answer cost to what it counted.
    fn count(&self, counted: &mut Value, usage: &Usage) {
        let Value::Object(counted) = counted else { return };
        counted.entry("is_byok").or_insert(false.into());
        if let (Some(searches), Dialect::OpenAiChat | Dialect::OpenAiResponses) = (usage.searches, self.dialect) {
            counted.entry("server_tool_use_details").or_insert(json!({"web_search_requests": searches}));
        }
        let cost = |usage: &Usage| self.facts.price.as_ref().and_then(|price| price.cost(usage));
        let Some(whole) = cost(usage).filter(|_| !counted.contains_key("cost")) else { return };
        let prompt = cost(&Usage { output: None, reasoning: None, ..*usage }).unwrap_or_default();
        counted.insert("cost".to_owned(), dollars(whole));
        let details = json!({
            "upstream_inference_cost": dollars(whole),
            "upstream_inference_prompt_cost": dollars(prompt),
            "upstream_inference_completions_cost": dollars(whole - prompt),
        });
        counted.insert("cost_details".to_owned(), details);
    }

    fn tell_route(&self, document: &mut Object) {
        if let Some(metadata) = &self.metadata {
            document.insert("openrouter_metadata".to_owned(), metadata.clone());
        }
    }
}

/// An amount as a number.
pub fn dollars(amount: Usd) -> Value {
    serde_json::from_str(&amount.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
