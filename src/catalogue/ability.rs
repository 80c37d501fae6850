//! What a model can do, as far as anybody says so.

/// One thing that a model can do, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// It asks for tools.
    Tools,
    /// It asks for several tools at a time.
    Parallel,
    /// It can be told which tool to ask for.
    Choice,
    /// Its answer keeps to a schema.
    Schema,
    /// It thinks before it speaks.
    Reasoning,
    /// Its thinking cannot be switched off.
    MandatoryReasoning,
    /// It goes on from the beginning of an answer.
    Prefill,
    /// It takes `temperature` and the like.
    Sampling,
    /// It searches the web.
    Search,
    /// It works with a computer.
    Computer,
    /// It sees pictures.
    Image,
    /// It reads PDFs.
    Pdf,
    /// It hears.
    Audio,
    /// It watches films.
    Video,
    /// It speaks.
    Speech,
    /// It makes vectors of texts, and nothing else.
    Embedding,
    /// It puts texts into an order, and nothing else.
    Rerank,
}

impl Ability {
    /// Every one, in the order of the table.
    pub const ALL: [Self; 17] = [
        Self::Embedding,
        Self::Rerank,
        Self::Tools,
        Self::Parallel,
        Self::Choice,
        Self::Schema,
        Self::Reasoning,
        Self::MandatoryReasoning,
        Self::Prefill,
        Self::Sampling,
        Self::Search,
        Self::Computer,
        Self::Image,
        Self::Pdf,
        Self::Audio,
        Self::Video,
        Self::Speech,
    ];

    /// Its word in the table, and for the operator.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Parallel => "parallel",
            Self::Choice => "choice",
            Self::Schema => "schema",
            Self::Reasoning => "reasoning",
            Self::MandatoryReasoning => "mandatory-reasoning",
            Self::Prefill => "prefill",
            Self::Sampling => "sampling",
            Self::Search => "search",
            Self::Computer => "computer",
            Self::Image => "image",
            Self::Pdf => "pdf",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Speech => "speech",
            Self::Embedding => "embedding",
            Self::Rerank => "rerank",
        }
    }

    /// That of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ability| ability.as_str() == word)
    }

    /// What configurations and calls say for it.
    pub const SAID: [(&str, Self); 17] = [
        ("tools", Self::Tools),
        ("parallel_tools", Self::Parallel),
        ("tool_choice", Self::Choice),
        ("structured_output", Self::Schema),
        ("reasoning", Self::Reasoning),
        ("prefill", Self::Prefill),
        ("sampling", Self::Sampling),
        ("web_search", Self::Search),
        ("computer_use", Self::Computer),
        ("images", Self::Image),
        ("vision", Self::Image),
        ("documents", Self::Pdf),
        ("audio", Self::Audio),
        ("video", Self::Video),
        ("speech", Self::Speech),
        ("embedding", Self::Embedding),
        ("rerank", Self::Rerank),
    ];

    /// That of a word of the configuration, or of the table.
    pub fn said(word: &str) -> Option<Self> {
        let said = Self::SAID.into_iter().find(|(known, _)| *known == word);
        said.map(|(_, ability)| ability).or_else(|| Self::parse(word))
    }
}

/// What a model can do. Of most models, something is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Able {
    yes: u32,
    no: u32,
}

impl Able {
    /// Whether it can; `None`: not known.
    pub fn can(self, ability: Ability) -> Option<bool> {
        let bit = 1 << ability as u32;
        match (self.yes & bit, self.no & bit) {
            (0, 0) => None,
            (yes, _) => Some(yes != 0),
        }
    }

    /// It can, or cannot.
    pub fn set(&mut self, ability: Ability, can: bool) {
        let bit = 1 << ability as u32;
        self.yes = if can { self.yes | bit } else { self.yes & !bit };
        self.no = if can { self.no & !bit } else { self.no | bit };
    }

    /// What `other` knows counts more.
    pub fn overlay(&mut self, other: Self) {
        for ability in Ability::ALL {
            if let Some(can) = other.can(ability) {
                self.set(ability, can);
            }
        }
    }

    /// What it is known to be able to do.
    pub fn all(self) -> impl Iterator<Item = Ability> {
        Ability::ALL.into_iter().filter(move |ability| self.can(*ability) == Some(true))
    }
}

/// How a prompt comes into the provider's cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// By itself.
    Auto,
    /// By marks in the request.
    Marked,
}

impl Cache {
    /// Its word in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Marked => "marked",
        }
    }
}

/// How much a model can be told to think.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels(u8);

impl Levels {
    /// Every level that a vendor has, the least first.
    pub const ALL: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

    /// Those of a list with commas; `None` where one is not known.
    pub fn parse(list: &str) -> Option<Self> {
        let bit = |word: &str| Some(1 << Self::ALL.iter().position(|level| *level == word)?);
        list.split(',').map(bit).try_fold(0, |all, bit| Some(all | bit?)).map(Self)
    }

    /// Whether it takes this one; `None`: its levels are not known.
    pub fn has(self, level: &str) -> Option<bool> {
        (self.0 != 0).then(|| self.iter().any(|known| known == level))
    }

    /// Those it takes.
    pub fn iter(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().enumerate().filter(move |(place, _)| self.0 & 1 << place != 0).map(|(_, level)| level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_not_known() {
        let mut able = Able::default();
        assert_eq!(able.can(Ability::Tools), None);
        able.set(Ability::Tools, false);
        able.set(Ability::Rerank, true);
        assert_eq!((able.can(Ability::Tools), able.can(Ability::Rerank)), (Some(false), Some(true)));
        let mut later = Able::default();
        later.set(Ability::Tools, true);
        able.overlay(later);
        assert_eq!((able.can(Ability::Tools), able.can(Ability::Rerank)), (Some(true), Some(true)));
        assert!(Ability::ALL.into_iter().all(|ability| Ability::parse(ability.as_str()) == Some(ability)));
    }

    #[test]
    fn levels_are_those_of_the_list() {
        let levels = Levels::parse("low,high").unwrap();
        assert_eq!(levels.iter().collect::<Vec<_>>(), ["low", "high"]);
        assert_eq!(
            (levels.has("low"), levels.has("max"), Levels::default().has("low")),
            (Some(true), Some(false), None)
        );
        assert!(Levels::parse("low,great").is_none() && Levels::parse("").is_none());
    }
}
