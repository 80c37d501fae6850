//! What a Claude model takes, by its generation.
//!
//! Each generation took something away: sampling, budgets of thought, prefilled answers, forced tools. What it no
//! longer takes it refuses with a 400, so a writer has to know. From Anthropic's migration guides; a model newer than
//! this table is taken for the newest of its family, and what is no Claude for the oldest that can think.

use crate::dialect::codec::{Flavour, Target};

/// What one model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// How it thinks.
    pub(super) thinking: Way,
    /// The values of `output_config.effort`, from the least to the most.
    pub(super) efforts: &'static [&'static str],
    /// Which sampling parameters.
    pub(super) sampling: Sampling,
    /// A conversation may end with the beginning of the answer.
    pub(super) prefill: bool,
    /// Whether it can be made to call a tool.
    pub(super) forced_tools: Forced,
    /// A `system` message may stand between others.
    pub(super) system_turns: bool,
    /// `output_config.format` and strict tools.
    pub(super) structured: bool,
    /// The highest `max_tokens`, where it is known.
    pub(super) longest: Option<u64>,
}

/// How a model thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Not at all.
    Never,
    /// Up to a number of tokens (`enabled`).
    Budget,
    /// As it sees fit (`adaptive`); a budget is still taken.
    Either,
    /// As it sees fit, when asked to.
    Adaptive,
    /// As it sees fit, unless told not to.
    Unless(Off),
}

/// How thinking that is on by itself is turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Off {
    /// `disabled`, with an effort of at most `high`.
    Disabled,
    /// `between_tools` is the least there is.
    BetweenTools,
    /// In no way.
    Impossible,
}

/// Which sampling parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sampling {
    /// All of them.
    All,
    /// `temperature` or `top_p`, not both.
    One,
    /// None of them.
    Refused,
}

/// Whether a model can be made to call a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forced {
    /// While it does not think.
    Unthinking,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What is asked for where the client names no limit: enough for any answer of a chat, and little enough for Bedrock,
/// which takes it off the quota when the call begins.
pub(super) const DEFAULT_MAX_TOKENS: u64 = 32_000;

/// The same for a model that nobody knows.
const UNKNOWN_MAX_TOKENS: u64 = 8192;

const TO_HIGH: &[&str] = &["low", "medium", "high"];
const TO_MAX: &[&str] = &["low", "medium", "high", "max"];
const ALL: &[&str] = &["low", "medium", "high", "xhigh", "max"];

impl Model {
    /// What the target's model takes.
    pub(super) fn of(target: &Target<'_>) -> Self {
        match Name::read(target.model) {
            Some(name) if target.flavour != Flavour::Compatible => {
                // Neither Vertex nor Bedrock has them.
                let system_turns = !matches!(target.flavour, Flavour::Vertex | Flavour::Bedrock);
                let model = Self::named(&name);
                Self { system_turns: model.system_turns && system_turns, ..model }
            }
            _ => OLDEST,
        }
    }

    /// `max_tokens` where the client says nothing.
    pub(super) fn default_max_tokens(&self) -> u64 {
        self.longest.map_or(UNKNOWN_MAX_TOKENS, |longest| longest.min(DEFAULT_MAX_TOKENS))
    }

    fn named(Name { family, version }: &Name) -> Self {
        use Family::*;
        let known = |thinking, longest| Self { thinking, longest: Some(longest), ..OLDEST };
        match (family, version) {
            (Fable | Mythos, _) => {
                let forced_tools = if *version > (5, 0) { Forced::Never } else { Forced::Always };
                Self { thinking: Way::Unless(Off::Impossible), forced_tools, ..NEWEST }
            }
            (_, (..=2, _) | (3, ..=4)) => known(Way::Never, 4096),
            (_, (3, ..=6)) => known(Way::Never, 8192),
            (_, (3, _)) => known(Way::Budget, 64_000),
            (Opus, (4, 0)) => known(Way::Budget, 32_000),
            (Opus, (4, ..=4)) => Self { sampling: Sampling::One, structured: true, ..known(Way::Budget, 32_000) },
            (_, (4, ..=4)) => known(Way::Budget, 64_000),
            (_, (4, 5)) => {
                let efforts = if *family == Opus { TO_HIGH } else { &[] };
                Self { sampling: Sampling::One, structured: true, efforts, ..known(Way::Budget, 64_000) }
            }
            (_, (4, 6)) => Self {
                sampling: Sampling::One,
                structured: true,
                efforts: TO_MAX,
                prefill: false,
                ..known(Way::Either, if *family == Opus { 128_000 } else { 64_000 })
            },
            (_, (4, minor)) => {
                Self { thinking: Way::Adaptive, forced_tools: Forced::Unthinking, system_turns: *minor >= 8, ..NEWEST }
            }
            (_, (5, ..=4)) | (Haiku, _) => NEWEST,
            (Sonnet, _) => Self { thinking: Way::Unless(Off::BetweenTools), forced_tools: Forced::Never, ..NEWEST },
            (Opus | Other, _) => Self { thinking: Way::Unless(Off::Impossible), forced_tools: Forced::Never, ..NEWEST },
        }
    }
}

/// The first that think, and whatever else speaks this dialect.
const OLDEST: Model = Model {
    thinking: Way::Budget,
    efforts: &[],
    sampling: Sampling::All,
    prefill: true,
    forced_tools: Forced::Unthinking,
    system_turns: false,
    structured: false,
    longest: None,
};

/// The fifth generation.
const NEWEST: Model = Model {
    thinking: Way::Unless(Off::Disabled),
    efforts: ALL,
    sampling: Sampling::Refused,
    prefill: false,
    forced_tools: Forced::Always,
    system_turns: true,
    structured: true,
    longest: Some(128_000),
};

/// A model's name, taken apart.
struct Name {
    family: Family,
    version: (u32, u32),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Opus,
    Sonnet,
    Haiku,
    Fable,
    Mythos,
    Other,
}

impl Name {
    /// Takes apart a name in any of the ways that it is written: `claude-opus-4-6`, `claude-3-5-haiku-20241022`,
    /// `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `claude-3-7-sonnet@20250219`, `anthropic/claude-4.7-opus`.
    /// A Claude without a version is taken for one of the newest.
    fn read(model: &str) -> Option<Self> {
        let model = model.to_ascii_lowercase();
        let (_, rest) = model.rsplit_once("claude")?;
        let mut family = Family::Other;
        let mut version = Vec::new();
        for word in rest.split(['-', '.', '@', ':', '_', '/']).filter(|word| !word.is_empty()) {
            let number = (word.len() <= 2).then(|| word.trim_start_matches('v').parse::<u32>().ok()).flatten();
            match (word, number) {
                ("opus", _) => family = Family::Opus,
                ("sonnet", _) => family = Family::Sonnet,
                ("haiku", _) => family = Family::Haiku,
                ("fable", _) => family = Family::Fable,
                ("mythos", _) => family = Family::Mythos,
                (_, Some(number)) if version.len() < 2 => version.push(number),
                // A date, behind which numbers mean something else.
                _ if !version.is_empty() => break,
                _ => {}
            }
        }
        let mut version = version.into_iter();
        let version = version.next().map_or((u32::MAX, 0), |major| (major, version.next().unwrap_or(0)));
        Some(Self { family, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, thinking: Way, sampling: Sampling, prefill: bool, longest: u64) {
        let model = Model::of(&Target { model: name, flavour: Flavour::Vendor });
        let got = (model.thinking, model.sampling, model.prefill, model.longest);
        assert_eq!(got, (thinking, sampling, prefill, Some(longest)), "{name}");
    }

    #[test]
    fn case_027_models_by_generation() {
        use Sampling::*;
        use Way::*;
        check("anthropic.claude-v2:1", Never, All, true, 4096);
        check("claude-instant-1.2", Never, All, true, 4096);
        check("claude-3-haiku-20240307", Never, All, true, 4096);
        check("us.anthropic.claude-3-5-sonnet-20240620-v1:0", Never, All, true, 8192);
        check("claude-3-7-sonnet@20250219", Budget, All, true, 64_000);
        check("claude-sonnet-4-20250514", Budget, All, true, 64_000);
        check("claude-opus-4-20250514", Budget, All, true, 32_000);
        check("claude-opus-4-1-20250805", Budget, One, true, 32_000);
        check("claude-haiku-4-5-20251001", Budget, One, true, 64_000);
        check("us.anthropic.claude-opus-4-6-v1", Either, One, false, 128_000);
        check("anthropic/claude-sonnet-4.6", Either, One, false, 64_000);
        check("anthropic/claude-4.7-opus", Adaptive, Refused, false, 128_000);
        check("claude-opus-4-8-20260528", Adaptive, Refused, false, 128_000);
        check("claude-opus-5", Unless(Off::Disabled), Refused, false, 128_000);
        check("claude-opus-5-5", Unless(Off::Impossible), Refused, false, 128_000);
        check("claude-sonnet-5-5-20260928", Unless(Off::BetweenTools), Refused, false, 128_000);
        check("claude-haiku-5-5", Unless(Off::Disabled), Refused, false, 128_000);
        check("claude-fable-5", Unless(Off::Impossible), Refused, false, 128_000);
        check("claude-mythos-preview", Unless(Off::Impossible), Refused, false, 128_000);
        check("claude-opus-7", Unless(Off::Impossible), Refused, false, 128_000);
    }

    #[test]
    fn what_only_some_models_take() {
        let of = |model, flavour| Model::of(&Target { model, flavour });
        assert_eq!(of("claude-opus-4-5", Flavour::Vendor).efforts, TO_HIGH);
        assert!(!of("claude-opus-4-7", Flavour::Vendor).system_turns);
        assert!(of("claude-opus-4-8", Flavour::Vendor).system_turns);
        assert!(!of("anthropic.claude-opus-4-8", Flavour::Bedrock).system_turns);
        assert_eq!(of("claude-opus-5", Flavour::Vendor).forced_tools, Forced::Always);
        assert_eq!(of("claude-opus-5-5", Flavour::Vendor).forced_tools, Forced::Never);
        assert_eq!(of("claude-fable-5-1", Flavour::Vendor).forced_tools, Forced::Never);
        assert_eq!(of("claude-opus-5", Flavour::Compatible), OLDEST);
        assert_eq!(of("kimi-k2", Flavour::Vendor), OLDEST);
        assert_eq!(of("kimi-k2", Flavour::Vendor).default_max_tokens(), 8192);
        assert_eq!(of("claude-opus-5", Flavour::Vendor).default_max_tokens(), 32_000);
        assert_eq!(of("claude-3-opus", Flavour::Vendor).default_max_tokens(), 4096);
    }
}
