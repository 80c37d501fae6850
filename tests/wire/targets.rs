//! For whom a case is written.

use outrider::canonical::Dialect;
use outrider::dialect::codec::{About, Flavour};

use super::case::Case;

/// One target: a model, and in which way its provider departs from the dialect's own vendor.
pub struct Aim {
    /// How it is spoken to.
    pub dialect: Dialect,
    /// Its model.
    pub model: String,
    /// Whose it is.
    pub flavour: Flavour,
}

/// What the answers that are written are about.
pub const ABOUT: About<'static> = About {
    id: "0123456789abcdef0123456789abcdef",
    created: 1_700_000_000,
    model: "asked",
    usage_in_stream: true,
    json_array: false,
    request: b"{}",
};

/// One target a dialect, or those that the case's `targets.txt` names for it: `openai_chat o4-mini [flavour]` a line.
pub fn of(case: &Case) -> Vec<Aim> {
    let file = case.file("targets.txt").unwrap_or_default();
    let own: Vec<Aim> = file.lines().map(|line| aim(line).unwrap_or_else(|| panic!("{}: {line}", case.name))).collect();
    let (mut all, mut own) = (Vec::new(), own.into_iter().peekable());
    for dialect in Dialect::ALL {
        if own.peek().is_none_or(|aim| aim.dialect != dialect) {
            all.push(Aim { dialect, model: usual_model(dialect).to_owned(), flavour: Flavour::Vendor });
        }
        while let Some(aim) = own.next_if(|aim| aim.dialect == dialect) {
            all.push(aim);
        }
    }
    assert!(own.next().is_none(), "{}: targets.txt is not in the order of the dialects", case.name);
    all
}

/// One that neither thinks always nor refuses samplers.
pub fn usual_model(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => "gpt-4.1",
        Dialect::Anthropic => "claude-sonnet-4-5",
        Dialect::Gemini => "gemini-2.5-pro",
        Dialect::Bedrock => "anthropic.claude-sonnet-4-5-20250929-v1:0",
        Dialect::Cohere => "command-a-03-2025",
        Dialect::Ollama => "qwen3",
    }
}

fn aim(line: &str) -> Option<Aim> {
    let mut words = line.split_whitespace();
    let (dialect, model) = (Dialect::from_name(words.next()?)?, words.next()?.to_owned());
    let flavour = match words.next() {
        None => Flavour::Vendor,
        Some("compatible") => Flavour::Compatible,
        Some("vertex") => Flavour::Vertex,
        Some("bedrock") => Flavour::Bedrock,
        Some("azure") => Flavour::Azure,
        Some("mistral") => Flavour::Mistral,
        Some("deepseek") => Flavour::DeepSeek,
        Some("openrouter") => Flavour::OpenRouter,
        Some(_) => return None,
    };
    Some(Aim { dialect, model, flavour })
}

impl Aim {
    /// How the pages are headed.
    pub fn title(&self) -> String {
        let flavour = match self.flavour {
            Flavour::Vendor => String::new(),
            flavour => format!(", {flavour:?}").to_lowercase(),
        };
        format!("## {}: {}{flavour}\n\n", self.dialect.as_str(), self.model)
    }
}
