//! How good models are at tasks: the operator's scores, which `min_quality` is compared with.
//!
//! No score is made up here. A line is for one target (`provider/model`), or for a model wherever it is served, by its
//! name in the catalogue; of several that fit, the most exact counts, and as a whole.

use std::collections::HashMap;
use std::sync::Arc;

use super::{author, dated, plain};

/// Numbers from 0 to 1 for tasks: of a model, how good it is; as a bar, how good it has to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// For tasks that are not named.
    pub other: Option<f32>,
    /// For each of these.
    pub tasks: Vec<(Box<str>, f32)>,
}

impl Scores {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a call of that task has to reach.
    pub fn bar(&self, task: Option<&str>) -> Option<f32> {
        task.and_then(|task| self.named(task)).or(self.other)
    }

    /// How good a model is at a task. Where no task is said, and nothing of tasks in general, it may be any of those that
    /// are: the lowest counts.
    pub fn score(&self, task: Option<&str>) -> Option<f32> {
        let lowest = || self.tasks.iter().map(|(_, score)| *score).min_by(f32::total_cmp).filter(|_| task.is_none());
        self.bar(task).or_else(lowest)
    }

    fn named(&self, task: &str) -> Option<f32> {
        self.tasks.iter().find(|(name, _)| name.eq_ignore_ascii_case(task)).map(|(_, score)| *score)
    }
}

/// The scores of all models: of those lists, an earlier one counts more.
#[derive(Clone, Debug, Default)]
pub struct Quality(Vec<List>);

/// Lines of one place.
#[derive(Clone, Debug, Default)]
struct List {
    /// By the whole name, in lower case.
    exactly: HashMap<String, Arc<Scores>>,
    /// By what all spellings of a model have in common.
    alike: HashMap<String, Vec<Line>>,
}

/// A name as it is written, with what stands behind it.
type Line = (Box<str>, Arc<Scores>);

impl Quality {
    /// The same with one more list, which counts less.
    pub fn with<'n>(mut self, lines: impl IntoIterator<Item = (&'n str, Scores)>) -> Self {
        let mut list = List::default();
        for (name, scores) in lines {
            let scores = Arc::new(scores);
            list.exactly.insert(name.to_ascii_lowercase(), scores.clone());
            list.alike.entry(plain(name)).or_default().push((name.into(), scores));
        }
        self.0.push(list);
        self
    }

    /// The scores of `model`, as `provider` calls it; `slug`: as it is called everywhere.
    pub fn of(&self, provider: &str, model: &str, slug: Option<&str>) -> Option<Arc<Scores>> {
        self.0.iter().find_map(|list| list.of(provider, model, slug))
    }
}

impl List {
    fn of(&self, provider: &str, model: &str, slug: Option<&str>) -> Option<Arc<Scores>> {
        if self.exactly.is_empty() {
            return None;
        }
        let exactly = |name: &str| self.exactly.get(&name.to_ascii_lowercase()).cloned();
        let found = exactly(&format!("{provider}/{model}")).or_else(|| exactly(model));
        found.or_else(|| exactly(slug?)).or_else(|| {
            let alike = |name: &str| self.alike(name, model, slug);
            slug.and_then(alike).or_else(|| alike(model))
        })
    }

    /// A line whose name is a spelling of `name`, with the author and the date that it says.
    fn alike(&self, name: &str, model: &str, slug: Option<&str>) -> Option<Arc<Scores>> {
        let fits = |line: &str| {
            let made_by = slug.and_then(author).or_else(|| author(model));
            let same_author =
                author(line).is_none_or(|a| made_by.is_some_and(|made_by| made_by.eq_ignore_ascii_case(a)));
            let same_date = dated(line).is_none_or(|(_, date)| dated(model).is_some_and(|(_, own)| own == date));
            same_author && same_date
        };
        let lines = self.alike.get(&plain(name))?.iter().filter(|(line, _)| fits(line));
        lines.max_by_key(|(line, _)| (dated(line).is_some(), author(line).is_some())).map(|(_, scores)| scores.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(other: Option<f32>, tasks: &[(&str, f32)]) -> Scores {
        Scores { other, tasks: tasks.iter().map(|(task, score)| ((*task).into(), *score)).collect() }
    }

    #[test]
    fn a_task_that_is_not_named_is_one_of_the_others() {
        let all = scores(Some(0.5), &[("code", 0.9), ("chat", 0.7)]);
        for (task, expected) in [(Some("code"), 0.9), (Some("Chat"), 0.7), (Some("law"), 0.5), (None, 0.5)] {
            assert_eq!((all.score(task), all.bar(task)), (Some(expected), Some(expected)), "{task:?}");
        }
        let named = scores(None, &[("code", 0.9), ("chat", 0.7)]);
        assert_eq!((named.score(None), named.bar(None)), (Some(0.7), None));
        assert_eq!((named.score(Some("law")), named.bar(Some("law"))), (None, None));
        assert_eq!(Scores::default().score(None), None);
    }

    #[test]
    fn the_most_exact_line_counts() {
        let line = |name: &'static str, score| (name, scores(Some(score), &[]));
        let own = [line("azure/gpt-5", 0.1), line("claude-sonnet-4.5", 0.2)];
        let file = [
            line("openai/gpt-5", 0.3),
            line("gpt-5-2025-08-07", 0.4),
            line("anthropic/claude-sonnet-4-5", 0.5),
            line("llama", 0.6),
            line("x-ai/llama", 0.7),
        ];
        let quality = Quality::default().with(own).with(file);
        for (provider, model, slug, expected) in [
            ("azure", "gpt-5", Some("openai/gpt-5"), Some(0.1)),
            ("openai", "gpt-5", Some("openai/gpt-5"), Some(0.3)),
            ("router", "openai/GPT-5", Some("openai/gpt-5"), Some(0.3)),
            ("openai", "gpt-5-2025-08-07", Some("openai/gpt-5"), Some(0.4)),
            ("openai", "gpt-5-2026-01-01", Some("openai/gpt-5"), Some(0.3)),
            ("aws", "eu.anthropic.claude-x", Some("anthropic/claude-sonnet-4.5"), Some(0.2)),
            ("local", "meta/Llama", None, Some(0.6)),
            ("local", "x-ai/llama", None, Some(0.7)),
            ("local", "gpt-5-mini", None, None),
            ("azure", "mine", None, None),
        ] {
            let found = quality.of(provider, model, slug).and_then(|scores| scores.other);
            assert_eq!(found, expected, "{provider} {model}");
        }
        assert_eq!(Quality::default().of("a", "b", None), None);
    }
}
