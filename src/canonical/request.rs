//! What is asked of a model.

use std::collections::HashMap;

use std::collections::HashSet;

use serde_json::Number;

use super::{Cache, Foreign, Part, Raw, Role, Str, Turn};

/// One request for the next turn of a conversation.
///
/// `None` and empty mean that the client did not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request<'a> {
    /// The model as the client named it.
    pub model: Str<'a>,
    /// The answer is to come event by event.
    pub stream: bool,
    /// The conversation so far, system turns included where they stand.
    pub turns: Vec<Turn<'a>>,
    /// The tools that the model may ask for.
    pub tools: Vec<Tool<'a>>,
    /// Whether it must, may or must not.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// It may ask for several at once.
    pub parallel_tools: Option<bool>,
    /// The form of the answer.
    pub format: Option<Format<'a>>,
    /// How wordy the answer is to be: `low`, `medium`, `high`.
    pub verbosity: Option<Str<'a>>,
    /// How much the model is to think.
    pub reasoning: Thinking<'a>,
    /// The most tokens of the answer, thoughts included.
    pub max_tokens: Option<u64>,
    /// Texts at which the answer ends.
    pub stop: Vec<Str<'a>>,
    /// From 0 to 2, whatever the dialect's own range.
    pub temperature: Option<Number>,
    /// Nucleus sampling.
    pub top_p: Option<Number>,
    /// Only the likeliest so many.
    pub top_k: Option<Number>,
    /// Repeatable sampling.
    pub seed: Option<Number>,
    /// From -2 to 2.
    pub presence_penalty: Option<Number>,
    /// From -2 to 2.
    pub frequency_penalty: Option<Number>,
    /// By token id of one vendor's tokenizer.
    pub logit_bias: Option<Raw<'a>>,
    /// Tell how likely each token was.
    pub logprobs: Option<bool>,
    /// And so many alternatives.
    pub top_logprobs: Option<u64>,
    /// So many answers.
    pub n: Option<u64>,
    /// Who the end user is, as an opaque name.
    pub user: Option<Str<'a>>,
    /// The client's own labels: an object.
    pub metadata: Option<Raw<'a>>,
    /// `auto`, `default`, `flex`, `priority` ...
    pub service_tier: Option<Str<'a>>,
    /// Keep the answer at the provider.
    pub store: Option<bool>,
    /// Groups requests that begin alike.
    pub cache_key: Option<Str<'a>>,
    /// Cache the whole prompt (Anthropic's top-level `cache_control`).
    pub cache: Option<Cache<'a>>,
    /// The client wants usage in its stream. (It is asked of the provider in any case.)
    pub usage_in_stream: bool,
    /// The client's other members, each in the dialect it came in, under its name there. They are lost in any other.
    pub others: Vec<Foreign<'a>>,
}

/// A tool that the model may ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Tool<'a> {
    /// One that the client runs.
    Function(Function<'a>),
    /// One that a provider runs, such as web search.
    Foreign(Foreign<'a>),
}

/// A tool that the client runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Function<'a> {
    /// Its name.
    pub name: Str<'a>,
    /// What it is for.
    pub description: Option<Str<'a>>,
    /// The JSON schema of its arguments, as it was written. `None`: it takes none.
    pub parameters: Option<Raw<'a>>,
    /// The arguments are to follow the schema exactly.
    pub strict: Option<bool>,
    /// It takes free text instead of JSON; the value is its format (OpenAI's `custom`), `{"type":"text"}` for any.
    pub free_form: Option<Raw<'a>>,
    /// The prompt up to here may be cached.
    pub cache: Option<Cache<'a>>,
}

/// Whether the model must ask for a tool.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolChoice<'a> {
    /// As it sees fit.
    Auto,
    /// It must not.
    None,
    /// It must, whichever.
    Required,
    /// It must, this one.
    Named(Str<'a>),
    /// Only these; `required`: one of them it must.
    Among {
        /// Their names.
        names: Vec<Str<'a>>,
        /// It must ask for one of them.
        required: bool,
    },
}

/// The form of the answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Format<'a> {
    /// Text, said explicitly.
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON that follows a schema.
    JsonSchema {
        /// The schema's name, where it has one.
        name: Option<Str<'a>>,
        /// What it is for.
        description: Option<Str<'a>>,
        /// The schema as it was written.
        schema: Raw<'a>,
        /// The answer is to follow it exactly.
        strict: Option<bool>,
    },
}

/// How much the model is to think, in the forms that dialects have for it. At most one of `effort`, `budget` and
/// `off` is said by the client; [`super::effort`] turns one into another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thinking<'a> {
    /// `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
    pub effort: Option<Str<'a>>,
    /// The most tokens of thought.
    pub budget: Option<u64>,
    /// The model decides for itself (Anthropic's `adaptive`, Gemini's budget of -1).
    pub adaptive: bool,
    /// Not at all.
    pub off: bool,
    /// Whether thoughts are to be shown, and how: `auto`, `concise`, `detailed`, `none`.
    pub summary: Option<Str<'a>>,
}

impl Thinking<'_> {
    /// The client said nothing of it.
    pub fn is_unsaid(&self) -> bool {
        *self == Self::default()
    }

    /// The client asks for thoughts.
    pub fn is_on(&self) -> bool {
        !self.off && (self.effort.is_some() || self.budget.is_some() || self.adaptive)
    }
}

impl<'a> Request<'a> {
    /// The functions among the tools.
    pub fn functions(&self) -> impl Iterator<Item = &Function<'a>> {
        self.tools.iter().filter_map(|tool| match tool {
            Tool::Function(function) => Some(function),
            Tool::Foreign(_) => None,
        })
    }

    /// The functions by their names; of several of one name the first.
    pub fn functions_by_name(&self) -> HashMap<&str, &Function<'a>> {
        let mut all = HashMap::new();
        self.functions().for_each(|function| _ = all.entry(function.name.as_str()).or_insert(function));
        all
    }

    /// The names of a choice among some: a set, because there may be thousands, to be looked for among thousands.
    pub fn among(&self) -> Option<HashSet<&str>> {
        match &self.tool_choice {
            Some(ToolChoice::Among { names, .. }) => Some(names.iter().map(Str::as_str).collect()),
            _ => None,
        }
    }

    /// The names of the functions that alone may be asked for, where the choice is of one or of some, and where at least
    /// one of them is there.
    pub fn chosen(&self) -> Option<HashSet<&str>> {
        let names = match &self.tool_choice {
            Some(ToolChoice::Named(name)) => HashSet::from([name.as_str()]),
            _ => self.among()?,
        };
        self.functions().any(|function| names.contains(function.name.as_str())).then_some(names)
    }

    /// The answer is to go on from `text`. Thoughts would come before it, and blanks at its end are not taken everywhere.
    pub fn go_on_from(&mut self, text: String) {
        let text = text.trim_end().to_owned();
        self.turns.push(Turn { role: Role::Assistant, parts: vec![Part::text(text)], name: None });
        self.reasoning = Thinking { off: true, ..Thinking::default() };
    }

    /// The texts at which the answer ends, each once.
    pub fn stops(&self) -> impl Iterator<Item = &str> {
        let mut seen = HashSet::new();
        self.stop.iter().map(Str::as_str).filter(move |text| seen.insert(*text))
    }

    /// Whether any turn holds a tool's call or result.
    pub fn has_tool_history(&self) -> bool {
        let tool = |part: &Part<'_>| matches!(part, Part::ToolCall(_) | Part::ToolResult(_));
        self.turns.iter().any(|turn| turn.parts.iter().any(tool))
    }

    /// How many turns at the beginning are the system's or the developer's.
    pub fn leading_system(&self) -> usize {
        self.turns.iter().take_while(|turn| matches!(turn.role, Role::System | Role::Developer)).count()
    }

    /// The names of the tools that were asked for, by the ids of the calls; of several calls with one id the first's.
    pub fn tools_of_calls(&self) -> HashMap<&str, &str> {
        let mut tools = HashMap::new();
        for part in self.turns.iter().flat_map(|turn| &turn.parts) {
            if let Part::ToolCall(call) = part {
                tools.entry(call.id.as_str()).or_insert(call.name.as_str());
            }
        }
        tools
    }
}
