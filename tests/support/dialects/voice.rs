//! What a provider of each dialect says, whole and streamed in pieces, written by hand.

pub mod anthropic;
pub mod bedrock;
mod cohere;
mod gemini;
mod ollama;
mod openai_chat;
mod openai_responses;

use serde_json::Value;

use crate::support::provider::Answer;

/// A provider's answer, free of any dialect.
#[derive(Clone, Debug)]
pub struct Said {
    /// What it is made of, in order.
    pub parts: Vec<Part>,
    /// Tokens of the prompt, the cached ones included.
    pub input: u64,
    /// Of these, the ones that came from a cache.
    pub cached: u64,
    /// Tokens of the answer.
    pub output: u64,
}

/// A piece of it.
#[derive(Clone, Debug)]
pub enum Part {
    Text(&'static str),
    /// Thoughts and their signature, which only some dialects have.
    Thought(&'static str, &'static str),
    /// A tool's id, name and arguments.
    Call(&'static str, &'static str, &'static str),
}

impl Said {
    /// Those parts, for 9 tokens in and 3 out.
    pub fn new(parts: impl Into<Vec<Part>>) -> Self {
        Self { parts: parts.into(), input: 9, cached: 0, output: 3 }
    }

    /// That text.
    pub fn text(text: &'static str) -> Self {
        Self::new([Part::Text(text)])
    }

    /// It asks for a tool.
    fn has_calls(&self) -> bool {
        self.calls().next().is_some()
    }

    fn calls(&self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Call(id, name, arguments) => Some((*id, *name, *arguments)),
            _ => None,
        })
    }

    fn all_text(&self) -> String {
        self.parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(*text) } else { None }).collect()
    }

    fn all_thoughts(&self) -> String {
        self.parts
            .iter()
            .filter_map(|part| if let Part::Thought(text, _) = part { Some(*text) } else { None })
            .collect()
    }

    /// As a whole answer of that dialect.
    pub fn whole(&self, dialect: &str) -> Value {
        match dialect {
            "openai_chat" => openai_chat::whole(self),
            "openai_responses" => openai_responses::whole(self),
            "anthropic" | "invoke" => anthropic::whole(self),
            "gemini" => gemini::whole(self),
            "bedrock" => bedrock::whole(self),
            "cohere" => cohere::whole(self),
            _ => ollama::whole(self),
        }
    }

    /// As a stream of that dialect.
    pub fn stream(&self, dialect: &str) -> Answer {
        match dialect {
            "openai_chat" => openai_chat::stream(self),
            "openai_responses" => openai_responses::stream(self),
            "anthropic" => anthropic::stream(self),
            "gemini" => gemini::stream(self),
            "bedrock" => bedrock::stream(self),
            "invoke" => bedrock::invoked(self),
            "cohere" => cohere::stream(self),
            _ => ollama::stream(self),
        }
    }
}

/// A text in pieces of a word, as models say it; of arguments, none but all of them are JSON. At least one.
fn words(text: &str) -> Vec<&str> {
    let mut cuts: Vec<_> = text.match_indices([' ', ':']).map(|(at, _)| at).filter(|at| *at > 0).collect();
    cuts.push(text.len());
    let mut from = 0;
    cuts.into_iter().map(|to| &text[std::mem::replace(&mut from, to)..to]).collect()
}

/// Arguments as a document.
fn object(arguments: &str) -> Value {
    serde_json::from_str(arguments).expect("a tool's arguments")
}

/// A stream of those events, named by their type as the vendors who name them do.
fn events(all: &[Value]) -> Answer {
    let event = |data: &Value| match (data["type"].as_str(), data.as_str()) {
        (Some(name), _) => format!("event: {name}\ndata: {data}\n\n"),
        (None, Some(word)) => format!("data: {word}\n\n"),
        (None, None) => format!("data: {data}\n\n"),
    };
    Answer::events(all.iter().map(|data| event(data).into()).collect())
}
