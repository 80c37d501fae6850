//! What each generation of Google's models takes.

use crate::dialect::codec::{Flavour, Target};

/// What a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation {
    /// How it is told to think.
    pub(super) thinks: Thinks,
    /// It takes any JSON Schema (`parametersJsonSchema`, `responseJsonSchema`), not only the subset of OpenAPI.
    pub(super) json_schema: bool,
    /// It can answer in JSON although it has functions to call.
    pub(super) json_with_functions: bool,
    /// It takes media within the result of a function, and asks for the signature of each step's first call.
    pub(super) third: bool,
    /// It takes a system instruction.
    pub(super) system: bool,
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinks {
    /// It does not, or cannot be told how much.
    No,
    /// By a number of tokens between the two; 0 turns it off where `off`.
    Budget { least: u64, most: u64, off: bool },
    /// By one of these words, from the least to the most.
    Level(&'static [&'static str]),
}

const ALL_LEVELS: Thinks = Thinks::Level(&["minimal", "low", "medium", "high"]);

/// Budgets that no model of 2.5 refuses: of names that do not tell which model they stand for.
const ANY_BUDGET: Thinks = Thinks::Budget { least: 512, most: 24_576, off: true };

/// By family, the first whose every word is in the model's name. The limits are those of Google's page on thinking
/// (ai.google.dev/gemini-api/docs/thinking).
const THINKING: &[(&[&str], Thinks)] = &[
    (&["tts"], Thinks::No),
    (&["native-audio"], Thinks::No),
    (&["live"], Thinks::No),
    (&["embedding"], Thinks::No),
    (&["2.5", "image"], Thinks::No),
    (&["2.5", "flash-lite"], Thinks::Budget { least: 512, most: 24_576, off: true }),
    (&["2.5", "flash"], Thinks::Budget { least: 1, most: 24_576, off: true }),
    (&["2.5", "pro"], Thinks::Budget { least: 128, most: 32_768, off: false }),
    (&["2.5"], Thinks::Budget { least: 128, most: 24_576, off: false }),
    (&["gemini-3-pro-image"], Thinks::No),
    (&["3.1", "flash-image"], Thinks::Level(&["minimal", "high"])),
    (&["gemini-3-pro"], Thinks::Level(&["low", "high"])),
    (&["pro"], Thinks::Level(&["low", "medium", "high"])),
];

impl Generation {
    /// What the target's model takes.
    pub(super) fn of(target: &Target<'_>) -> Self {
        let mut generation = Self::of_model(target.model);
        // Whoever only speaks like Google may not have learned the newer words.
        generation.json_schema &= target.flavour != Flavour::Compatible;
        generation
    }

    fn of_model(model: &str) -> Self {
        let lower = model.to_ascii_lowercase();
        let name = lower.rsplit('/').next().unwrap_or_default();
        let third =
            Self { thinks: ALL_LEVELS, json_schema: true, json_with_functions: true, third: true, system: true };
        let second = Self { thinks: Thinks::No, json_with_functions: false, third: false, ..third };
        let Some((tenths, _)) = version(name) else {
            return match name {
                "gemini-pro" | "gemini-pro-vision" | "gemini-ultra" => Self { json_schema: false, ..second },
                _ if name.starts_with("gemma") => Self { json_schema: false, system: !is_old_gemma(name), ..second },
                _ if name.contains("-exp-") || name.starts_with("learnlm") => second,
                // `gemini-flash-latest`, tuned models, endpoints. A newer model takes a budget too.
                _ => Self { thinks: ANY_BUDGET, third: name.starts_with("gemini"), ..second },
            };
        };
        let thinks = || {
            let found = THINKING.iter().find(|(words, _)| words.iter().all(|word| name.contains(word)));
            found.map_or(ALL_LEVELS, |(_, thinks)| *thinks)
        };
        match tenths {
            30.. => Self { thinks: thinks(), ..third },
            25.. => Self { thinks: thinks(), ..second },
            20.. => second,
            _ => Self { json_schema: false, ..second },
        }
    }
}

/// The version in tenths, of `gemini-2.5-flash` 25; and where in the name it ends.
fn version(name: &str) -> Option<(u32, usize)> {
    let start = name.find("gemini-")? + "gemini-".len();
    let rest = name.get(start..)?;
    let length = rest.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(rest.len());
    let (whole, tenth) = rest.get(..length)?.split_once('.').unwrap_or((rest.get(..length)?, "0"));
    // Not a date.
    let whole = whole.parse::<u32>().ok().filter(|whole| (1..100).contains(whole))?;
    let tenth = tenth.chars().next().and_then(|digit| digit.to_digit(10)).unwrap_or(0);
    Some((whole * 10 + tenth, start + length))
}

/// Before the fourth, Gemma knew no system instruction.
fn is_old_gemma(name: &str) -> bool {
    ["gemma-1", "gemma-2", "gemma-3", "gemma-2b", "gemma-7b"].iter().any(|old| name.starts_with(old))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_their_names() {
        let check = |model: &str, thinks: Thinks, json_schema: bool, third: bool| {
            let got = Generation::of(&Target { model, flavour: Flavour::Vendor });
            assert_eq!((got.thinks, got.json_schema, got.third), (thinks, json_schema, third), "{model}");
        };
        let budget = |least, most, off| Thinks::Budget { least, most, off };
        check("gemini-1.5-pro-002", Thinks::No, false, false);
        check("gemini-pro", Thinks::No, false, false);
        check("gemini-2.0-flash-001", Thinks::No, true, false);
        check("gemini-2.5-flash-preview-09-2025", budget(1, 24_576, true), true, false);
        check("models/gemini-2.5-flash-lite", budget(512, 24_576, true), true, false);
        check("gemini-2.5-pro", budget(128, 32_768, false), true, false);
        check("gemini-2.5-flash-image", Thinks::No, true, false);
        check("gemini-2.5-pro-preview-tts", Thinks::No, true, false);
        check("gemini-3-pro-preview", Thinks::Level(&["low", "high"]), true, true);
        check("gemini-3.1-pro-preview", Thinks::Level(&["low", "medium", "high"]), true, true);
        check("gemini-3-flash-preview", ALL_LEVELS, true, true);
        check("publishers/google/models/gemini-3.5-flash", ALL_LEVELS, true, true);
        check("gemini-4-ultra", ALL_LEVELS, true, true);
        check("gemini-flash-latest", ANY_BUDGET, true, true);
        check("gemma-3-27b-it", Thinks::No, false, false);
        check("1234567890", ANY_BUDGET, true, false);
        assert!(!Generation::of(&Target { model: "gemma-3-27b-it", flavour: Flavour::Vendor }).system);
        assert!(!Generation::of(&Target { model: "gemini-3-pro", flavour: Flavour::Compatible }).json_schema);
        assert!(!Generation::of_model("gemini-2.5-pro").json_with_functions);
    }
}
