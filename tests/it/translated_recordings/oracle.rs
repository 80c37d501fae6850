//! What an answer says, read from plain JSON by the vendors' documentation.
//!
//! Shares no code with the library's dialects, so that a mistake there is not repeated here. Lenient as a client is:
//! what is unknown is passed over. [`super::grammar`] is the strict part.

mod anthropic;
mod bedrock;
mod cohere;
pub mod frames;
mod gemini;
mod ollama;
mod openai_chat;
mod openai_responses;

use outrider::canonical::Dialect;
use serde_json::{Map, Value};

/// What an answer says. Of several answers, the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// The visible text, a refusal included.
    pub text: String,
    /// The visible thoughts, without white space: how their pieces are joined is each dialect's own.
    pub thoughts: String,
    /// The tools asked for, with their arguments; as a string where that is no JSON.
    pub tools: Vec<(String, Value)>,
    /// The names of these calls, which pair them with their results; empty where there is none.
    pub ids: Vec<String>,
    /// Some of the text is a refusal.
    pub refused: bool,
    /// Why it ended.
    pub stop: Class,
    /// All tokens of the prompt and all of the answer; `None` where nothing was counted.
    pub usage: Option<(u64, u64)>,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// It was complete, or met a stop text.
    End,
    /// It was as long as it may be.
    Length,
    /// It waits for tools.
    Tools,
    /// A filter stopped it, or the model refused.
    Filter,
    /// Anything else, or nothing at all.
    #[default]
    Other,
}

/// Reads a whole answer.
pub fn whole(dialect: Dialect, document: &Value) -> Said {
    finished(match dialect {
        Dialect::OpenAiChat => openai_chat::whole(document),
        Dialect::OpenAiResponses => openai_responses::whole(document),
        Dialect::Anthropic => anthropic::whole(document),
        Dialect::Gemini => gemini::stream(std::slice::from_ref(document)),
        Dialect::Bedrock => bedrock::whole(document),
        Dialect::Cohere => cohere::whole(document),
        Dialect::Ollama => ollama::stream(std::slice::from_ref(document)),
    })
}

/// Reads the documents of a stream.
pub fn stream(dialect: Dialect, documents: &[Value]) -> Said {
    finished(match dialect {
        Dialect::OpenAiChat => openai_chat::stream(documents),
        Dialect::OpenAiResponses => openai_responses::stream(documents),
        Dialect::Anthropic => anthropic::stream(documents),
        Dialect::Gemini => gemini::stream(documents),
        Dialect::Bedrock => bedrock::stream(documents),
        Dialect::Cohere => cohere::stream(documents),
        Dialect::Ollama => ollama::stream(documents),
    })
}

/// What is the same in all dialects is made the same.
fn finished(mut said: Said) -> Said {
    // Gemini, Ollama and Responses have no word for it, and some servers of Chat do not use theirs.
    if said.stop == Class::End && !said.tools.is_empty() {
        said.stop = Class::Tools;
    }
    // OpenAI ends a refusal as it ends any answer.
    if said.stop == Class::End && said.refused {
        said.stop = Class::Filter;
    }
    // Dialects that require a count write zeros where there is none.
    said.usage = said.usage.filter(|usage| *usage != (0, 0));
    said.thoughts.retain(|char| !char.is_whitespace());
    said
}

impl Said {
    /// Visible text goes on.
    fn say(&mut self, text: &Value) {
        self.text.push_str(text.as_str().unwrap_or_default());
    }

    /// A refusal goes on.
    fn refuse(&mut self, text: &Value) {
        self.say(text);
        self.refused |= text.as_str().is_some_and(|text| !text.is_empty());
    }

    /// Thoughts go on.
    fn think(&mut self, text: &Value) {
        self.thoughts.push_str(text.as_str().unwrap_or_default());
    }

    /// A tool is asked for, with arguments as an object or as JSON in a string.
    fn call(&mut self, id: &Value, name: &Value, arguments: &Value) {
        self.call_with(id, name, arguments_of(arguments));
    }

    /// A tool is asked for that takes free text.
    fn call_freely(&mut self, id: &Value, name: &Value, input: &Value) {
        self.call_with(id, name, input.clone());
    }

    fn call_with(&mut self, id: &Value, name: &Value, arguments: Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.tools.push((text(name), arguments));
        self.ids.push(text(id));
    }
}

/// No arguments are an empty object.
fn arguments_of(said: &Value) -> Value {
    match said {
        Value::Null => Value::Object(Map::new()),
        Value::String(text) if matches!(text.trim(), "" | "null") => Value::Object(Map::new()),
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| said.clone()),
        object => object.clone(),
    }
}

/// A count, which some servers write as a float.
fn count(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_f64().map(|float| float as u64)).unwrap_or(0)
}

/// The elements of an array; none of anything else.
fn each(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The place of a number in a list that grows as needed: tool calls and blocks come by their index.
fn at<T: Default>(list: &mut Vec<T>, index: usize) -> &mut T {
    if list.len() <= index {
        list.resize_with(index + 1, T::default);
    }
    &mut list[index]
}
