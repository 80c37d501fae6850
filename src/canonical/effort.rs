//! How much thought: words into tokens and back.

use super::Thinking;

/// The words, from the least to the most, and the budget of tokens that each stands for where only a number can be
/// said. The numbers are those that LiteLLM, OpenRouter and Google's own compatibility layer are near to.
const LEVELS: [(&str, u64); 6] =
    [("minimal", 1024), ("low", 2048), ("medium", 8192), ("high", 24_576), ("xhigh", 32_768), ("max", 65_536)];

/// The budget that a word stands for.
pub fn budget_of(effort: &str) -> Option<u64> {
    LEVELS.iter().find(|(word, _)| *word == effort).map(|(_, budget)| *budget)
}

/// The word that is nearest above a budget.
pub fn word_of(budget: u64) -> &'static str {
    LEVELS.iter().find(|(_, tokens)| budget <= *tokens).map_or("max", |(word, _)| word)
}

/// The nearest of `allowed` to `effort`: itself, else the next lower one, else the lowest. `allowed` goes from the
/// least to the most.
pub fn clamp(effort: &str, allowed: &[&'static str]) -> Option<&'static str> {
    let rank = |word: &str| LEVELS.iter().position(|(level, _)| *level == word);
    let wanted = rank(effort)?;
    allowed.iter().rev().find(|word| rank(word).is_some_and(|rank| rank <= wanted)).or(allowed.first()).copied()
}

impl Thinking<'_> {
    /// The effort as a word, whichever way it was said. `None` where thought is off or nothing was said of how much.
    pub fn as_effort(&self) -> Option<&str> {
        if self.off {
            return None;
        }
        self.effort.as_deref().or(self.budget.map(word_of))
    }

    /// The effort as a number of tokens, whichever way it was said.
    pub fn as_budget(&self) -> Option<u64> {
        if self.off {
            return None;
        }
        self.budget.or_else(|| budget_of(self.effort.as_deref()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_budgets() {
        for (word, budget) in LEVELS {
            assert_eq!((budget_of(word), word_of(budget)), (Some(budget), word));
        }
        assert_eq!((word_of(1), word_of(5000), word_of(1 << 30)), ("minimal", "medium", "max"));
        assert_eq!(budget_of("huge"), None);
        assert_eq!(clamp("xhigh", &["low", "medium", "high"]), Some("high"));
        assert_eq!(clamp("minimal", &["low", "high"]), Some("low"));
        assert_eq!(clamp("medium", &["low", "high"]), Some("low"));
    }
}
