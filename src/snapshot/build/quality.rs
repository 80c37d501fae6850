//! How good models are, decided: the operator's scores, found by the names of models.

use crate::catalogue::{Quality, Scores};
use crate::config::{Config, schema};

/// The scores of all models. What stands in the configuration counts more than what its table says.
pub fn decide(config: &Config) -> Quality {
    let said = &config.quality;
    let lines = |named: &'_ crate::config::setting::Named<schema::Scores>| -> Vec<(String, Scores)> {
        named.0.iter().map(|(name, said)| (name.value.clone(), scores(said))).collect()
    };
    let mut quality = Quality::default();
    for list in std::iter::once(&said.here).chain(said.table.as_ref().map(|table| &table.scores)) {
        let lines = lines(list);
        quality = quality.with(lines.iter().map(|(name, scores)| (name.as_str(), scores.clone())));
    }
    quality
}

/// Numbers for tasks, of a model or as a bar.
pub fn scores(said: &schema::Scores) -> Scores {
    let tasks = said.tasks.iter().map(|(task, score)| (task.value.as_str().into(), score.0));
    Scores { other: said.other.map(|score| score.0), tasks: tasks.collect() }
}

/// The tasks that models have scores for.
pub fn tasks(config: &Config) -> impl Iterator<Item = &str> {
    let said = &config.quality;
    let lists = std::iter::once(&said.here).chain(said.table.as_ref().map(|table| &table.scores));
    let tasks = lists.flat_map(|list| list.0.iter()).flat_map(|(_, scores)| &scores.tasks);
    tasks.map(|(task, _)| task.value.as_str())
}
