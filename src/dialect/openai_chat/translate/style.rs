//! What a target takes of all that this dialect has.

use crate::dialect::codec::{Flavour, Target};

/// What a target takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style<'t> {
    pub model: &'t str,
    pub flavour: Flavour,
    pub family: Family,
}

/// OpenAI's models by what they refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Those that think, with the words for how much, from the least to the most.
    Thinks(&'static [&'static str]),
    /// Those that do not.
    Plain,
    /// Somebody else's, or a name that tells nothing.
    Unknown,
}

impl<'t> Style<'t> {
    pub(super) fn of(target: &Target<'t>) -> Self {
        let family = match target.flavour {
            Flavour::Vendor | Flavour::Azure => family(target.model),
            _ => Family::Unknown,
        };
        Self { model: target.model, flavour: target.flavour, family }
    }

    /// OpenAI's own servers, which take everything that OpenAI documents.
    pub(super) fn is_openai(&self) -> bool {
        matches!(self.flavour, Flavour::Vendor | Flavour::Azure)
    }

    pub(super) fn is(&self, flavour: Flavour) -> bool {
        self.flavour == flavour
    }

    /// Parts of a message may come as a list of texts.
    pub(super) fn takes_text_lists(&self) -> bool {
        self.is_openai() || self.is(Flavour::OpenRouter) || self.is(Flavour::Mistral)
    }

    /// The model may have said nothing. Mistral and some small servers refuse such a turn.
    pub(super) fn takes_silence(&self) -> bool {
        self.is_openai() || self.is(Flavour::OpenRouter)
    }

    /// It is one of OpenAI's models that think: they refuse samplers, and texts to stop at.
    pub(super) fn thinks(&self) -> bool {
        matches!(self.family, Family::Thinks(_))
    }

    /// The first models that think take one call at a time or do as they please.
    pub(super) fn refuses_parallel_tools(&self) -> bool {
        self.thinks() && name(self.model).starts_with('o')
    }

    /// Google's own servers behind this dialect want their proofs back.
    pub(super) fn is_gemini(&self) -> bool {
        self.is(Flavour::Vertex) || self.model.contains("gemini")
    }
}

/// The model's name without whose it is, or what it was tuned from.
fn name(model: &str) -> &str {
    let model = model.strip_prefix("ft:").unwrap_or(model);
    model.rsplit('/').next().unwrap_or(model)
}

/// OpenAI's names follow their generations; a later one takes at least what the one before it took.
fn family(model: &str) -> Family {
    let name = name(model);
    if ["gpt-4", "gpt-3", "chatgpt-"].iter().any(|prefix| name.starts_with(prefix)) {
        return Family::Plain;
    }
    if ["o1", "o3", "o4"]
        .iter()
        .any(|first| name == *first || name.strip_prefix(first).is_some_and(|r| r.starts_with('-')))
    {
        return Family::Thinks(&["low", "medium", "high"]);
    }
    let Some(version) = name.strip_prefix("gpt-").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) else {
        return Family::Unknown;
    };
    let (number, variant) = version.split_once('-').unwrap_or((version, ""));
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    let generation = (major.parse().unwrap_or(5_u32), minor.parse().unwrap_or(0_u32));
    match (generation, variant) {
        ((5, _), chat) if chat.starts_with("chat") => Family::Plain,
        ((5, 0), pro) if pro.starts_with("pro") => Family::Thinks(&["high"]),
        ((5, 0), codex) if codex.starts_with("codex") => Family::Thinks(&["low", "medium", "high"]),
        ((5, 0), _) => Family::Thinks(&["minimal", "low", "medium", "high"]),
        (_, pro) if pro.starts_with("pro") => Family::Thinks(&["medium", "high", "xhigh"]),
        ((5, 1), max) if max.starts_with("codex-max") => Family::Thinks(&["none", "low", "medium", "high", "xhigh"]),
        ((5, 1), _) => Family::Thinks(&["none", "low", "medium", "high"]),
        _ => Family::Thinks(&["none", "low", "medium", "high", "xhigh"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families() {
        let levels = |model: &str| match family(model) {
            Family::Thinks(levels) => levels.join(" "),
            Family::Plain => "plain".to_owned(),
            Family::Unknown => "unknown".to_owned(),
        };
        for (model, expected) in [
            ("gpt-4o-mini", "plain"),
            ("ft:gpt-4o:acme", "plain"),
            ("o1", "low medium high"),
            ("o3-mini-2025-01-31", "low medium high"),
            ("o1x", "unknown"),
            ("gpt-5", "minimal low medium high"),
            ("gpt-5-mini", "minimal low medium high"),
            ("gpt-5-chat-latest", "plain"),
            ("gpt-5-pro", "high"),
            ("openai/gpt-5.1", "none low medium high"),
            ("gpt-5.2-pro", "medium high xhigh"),
            ("gpt-5.4-mini", "none low medium high xhigh"),
            ("gpt-6", "none low medium high xhigh"),
            ("gpt-oss-120b", "unknown"),
            ("prod", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(levels(model), expected, "{model}");
        }
    }
}
