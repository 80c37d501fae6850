//! What a model on Bedrock can do, as far as its name tells.
//!
//! Converse is one interface to many families, which take the same members differently or not at all.

/// The family of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Anthropic's Claude, with its version: (3, 7), (4, 5) ... A version that cannot be read counts as the newest.
    Claude(u8, u8),
    /// Amazon's Nova, first or second generation.
    Nova(u8),
    /// Amazon's Titan.
    Titan,
    /// Meta's Llama.
    Llama,
    /// Mistral's.
    Mistral,
    /// Cohere's Command.
    Cohere,
    /// DeepSeek's.
    DeepSeek,
    /// OpenAI's open weights.
    GptOss,
    /// All other vendors'.
    Other,
    /// A name that does not tell, such as the ARN of an application's own profile.
    Unknown,
}

impl Family {
    /// The family of a model's id, of an inference profile's (`us.`, `eu.`, `global.` before it), or of an ARN.
    pub fn of(model: &str) -> Self {
        // In an ARN, the id comes behind the last slash.
        let id = if model.starts_with("arn:") { model.rsplit('/').next().unwrap_or_default() } else { model };
        let mut parts = id.split('.');
        let vendors =
            ["anthropic", "amazon", "meta", "mistral", "cohere", "deepseek", "openai", "ai21", "qwen", "writer"];
        let known = parts.clone().position(|part| vendors.contains(&part)).unwrap_or_default();
        let vendor = parts.nth(known).unwrap_or_default();
        let name = parts.next().unwrap_or(vendor);
        match vendor {
            _ if name.contains("claude") => claude(name),
            "amazon" if name.starts_with("nova-2") => Self::Nova(2),
            "amazon" if name.starts_with("nova") => Self::Nova(1),
            "amazon" if name.starts_with("titan") => Self::Titan,
            "meta" => Self::Llama,
            "mistral" => Self::Mistral,
            "cohere" => Self::Cohere,
            "deepseek" => Self::DeepSeek,
            "openai" if name.starts_with("gpt-oss") => Self::GptOss,
            _ if model.starts_with("arn:") || !id.contains('.') => Self::Unknown,
            _ => Self::Other,
        }
    }

    /// Whether it is a Claude of at least that version.
    pub fn is_claude_from(self, major: u8, minor: u8) -> bool {
        matches!(self, Self::Claude(own, own_minor) if (own, own_minor) >= (major, minor))
    }

    /// Any Claude.
    pub fn is_claude(self) -> bool {
        matches!(self, Self::Claude(..))
    }

    /// Takes a system prompt.
    pub fn takes_system(self) -> bool {
        self != Self::Titan
    }

    /// Takes cache points in messages and the system prompt.
    pub fn caches(self) -> bool {
        self.is_claude_from(3, 5) || matches!(self, Self::Nova(_) | Self::Unknown)
    }

    /// Takes cache points among the tools.
    pub fn caches_tools(self) -> bool {
        self.caches() && !matches!(self, Self::Nova(_))
    }

    /// Can keep a prompt for an hour.
    pub fn caches_for_an_hour(self) -> bool {
        self.is_claude_from(4, 5)
    }

    /// Takes `outputConfig.textFormat`.
    pub fn has_schemas(self) -> bool {
        self.is_claude_from(4, 5) || matches!(self, Self::GptOss)
    }

    /// Refuses temperature and its like altogether.
    pub fn refuses_samplers(self) -> bool {
        self.is_claude_from(4, 7)
    }

    /// Can be made to call a tool (`any`), and a certain one (`tool`).
    pub fn tool_choices(self) -> (bool, bool) {
        match self {
            Self::Claude(..) | Self::Nova(_) | Self::GptOss | Self::Other | Self::Unknown => (true, true),
            Self::Mistral => (true, false),
            _ => (false, false),
        }
    }

    /// Goes on with an answer that the request ends with.
    pub fn takes_prefill(self) -> bool {
        matches!(self, Self::Nova(_)) || (self.is_claude() && !self.is_claude_from(4, 6))
    }
}

/// `claude-3-5-sonnet-20241022-v2:0`, `claude-sonnet-4-5-20250929-v1:0`, `claude-opus-4-20250514-v1:0`, `claude-v2:1`,
/// `claude-instant-v1`.
fn claude(name: &str) -> Family {
    let rest = &name[name.find("claude").unwrap_or_default()..];
    let mut numbers = rest.split(['-', ':', '@', '.']).skip(1).filter_map(|word| {
        let digits = word.strip_prefix('v').unwrap_or(word);
        (digits.len() <= 2).then(|| digits.parse::<u8>().ok().map(|number| (number, word.len() > digits.len())))?
    });
    match (numbers.next(), numbers.next()) {
        (Some((major, true)), _) => Family::Claude(major, 0), // the `v2` of the oldest
        (Some((major, false)), Some((minor, false))) => Family::Claude(major, minor),
        (Some((major, false)), _) => Family::Claude(major, 0),
        (None, _) => Family::Claude(u8::MAX, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_family() {
        for (model, family) in [
            ("anthropic.claude-v2:1", Family::Claude(2, 0)),
            ("anthropic.claude-instant-v1", Family::Claude(1, 0)),
            ("anthropic.claude-3-haiku-20240307-v1:0", Family::Claude(3, 0)),
            ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", Family::Claude(3, 7)),
            ("eu.anthropic.claude-sonnet-4-20250514-v1:0", Family::Claude(4, 0)),
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", Family::Claude(4, 5)),
            ("global.anthropic.claude-opus-4-8", Family::Claude(4, 8)),
            ("us-gov.anthropic.claude-opus-5", Family::Claude(5, 0)),
            ("anthropic.claude-new", Family::Claude(255, 0)),
            (
                "arn:aws:bedrock:us-east-1:012345678901:inference-profile/us.anthropic.claude-3-7-sonnet-20250219-v1:0",
                Family::Claude(3, 7),
            ),
            ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", Family::Nova(1)),
            ("arn:aws:bedrock:us-east-1:012345678901:application-inference-profile/abc123", Family::Unknown),
            ("us.amazon.nova-2-lite-v1:0", Family::Nova(2)),
            ("amazon.titan-text-lite-v1", Family::Titan),
            ("us.meta.llama3-2-1b-instruct-v1:0", Family::Llama),
            ("mistral.devstral-2-123b", Family::Mistral),
            ("cohere.command-r-v1:0", Family::Cohere),
            ("us.deepseek.r1-v1:0", Family::DeepSeek),
            ("openai.gpt-oss-120b-1:0", Family::GptOss),
            ("qwen.qwen3-32b-v1:0", Family::Other),
            ("", Family::Unknown),
        ] {
            assert_eq!(Family::of(model), family, "{model}");
        }
        assert!(Family::Claude(4, 5).has_schemas() && !Family::Claude(4, 1).has_schemas());
        assert!(!Family::Nova(2).is_claude_from(0, 0));
    }
}
