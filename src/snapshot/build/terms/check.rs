//! What is wrong with scores and constraints: names that nobody has, and what can never hold.

use crate::catalogue::{Ability, Catalogue, author, plain};
use crate::config::nearest::{nearest, quoted};
use crate::config::schema::{self, Require, Scores};
use crate::config::setting::{Located, OneOrMore};
use crate::config::{Config, Problem};
use crate::provider::catalogue::KINDS;
use crate::routing::routes::Pattern;
use crate::snapshot::build::{offered, quality};

/// Adds everything that is wrong with scores and with what targets have to be to `problems`.
pub fn check(config: &Config, catalogue: &Catalogue, problems: &mut Vec<Problem>) {
    let known = Known::of(config, catalogue);
    for (name, scores) in &config.quality.here.0 {
        if !known.is_model(&name.value) {
            known.unknown(name, "no model", problems);
        }
        if *scores == Scores::default() {
            problems.push(name.problem(format!("`{}` has no score", name.value)).help("give one from 0 to 1"));
        }
    }
    if let Some(table) = &config.quality.table {
        // Tables tell of many models that nobody uses here. One that tells of none that is, is the wrong one.
        let names = &table.scores.0;
        if let Some((first, _)) = names.first().filter(|_| !names.iter().any(|(name, _)| known.is_model(&name.value))) {
            let what = format!("none of the models of {} is known here", table.file.path.display());
            problems.push(first.problem(what).help("name them as `provider/model`, or as the catalogue does"));
        }
    }
    let defaults = &config.defaults;
    known.check(&defaults.require, defaults.min_quality.as_ref(), problems);
    for (_, model) in &config.models.0 {
        known.check(&model.require, model.min_quality.as_ref(), problems);
    }
    for (_, caller) in &config.callers.0 {
        known.check(&caller.require, caller.min_quality.as_ref(), problems);
    }
    for route in &config.routes {
        known.check(&route.value.require, route.value.min_quality.as_ref(), problems);
        if let Some(task) = &route.value.task {
            known.check_task(task, problems);
        }
        if let Some(deny) = route.value.deny.as_ref().filter(|_| super::says(&route.value)) {
            let what = "`require`, `min_quality` or `task` stands beside `deny`, and nobody answers";
            problems.push(deny.problem(what).help("take out one of them"));
        }
    }
}

/// The names that mean something here.
struct Known<'c> {
    catalogue: &'c Catalogue,
    providers: Vec<&'c str>,
    offered: Vec<String>,
    tasks: Vec<&'c str>,
    scored: bool,
}

impl<'c> Known<'c> {
    fn of(config: &'c Config, catalogue: &'c Catalogue) -> Self {
        let mut tasks: Vec<&str> = quality::tasks(config).collect();
        tasks.sort_unstable();
        tasks.dedup();
        Self {
            catalogue,
            providers: config.providers.names().collect(),
            offered: offered(config).iter().map(ToString::to_string).collect(),
            tasks,
            scored: config.quality != schema::Quality::default(),
        }
    }

    /// A target, what is offered, or what the catalogue calls a model.
    fn is_model(&self, name: &str) -> bool {
        let of_provider = |(provider, model): (&str, &str)| self.providers.contains(&provider) && !model.is_empty();
        let made_by =
            |slug: &str| author(name).is_none_or(|a| author(slug).is_some_and(|own| own.eq_ignore_ascii_case(a)));
        name.split_once('/').is_some_and(of_provider)
            || self.offered.iter().any(|id| id.split_once('/').is_some_and(|(_, model)| alike(model, name)))
            || self.catalogue.called(name).any(|row| made_by(row.slug()))
    }

    fn check(&self, require: &Require, min_quality: Option<&Located<Scores>>, problems: &mut Vec<Problem>) {
        for word in require.abilities.iter().flat_map(|said| &said.0) {
            if Ability::said(&word.value).is_none() {
                let words = || Ability::SAID.into_iter().map(|(word, _)| word);
                let help = match nearest(&word.value, words(), 1).first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", quoted(words())),
                };
                problems.push(word.problem(format!("`{}` is no ability", word.value)).help(help));
            }
        }
        let names = |list: &'_ Option<OneOrMore<Located<String>>>| {
            list.iter().flat_map(|list| list.0.clone()).collect::<Vec<_>>()
        };
        let (only, ignore) = (names(&require.only), names(&require.ignore));
        for name in only.iter().chain(&ignore).filter(|name| !self.is_somebody(&name.value)) {
            self.unknown(name, "no provider and no model", problems);
        }
        for name in &only {
            if ignore.iter().any(|other| other.value.eq_ignore_ascii_case(&name.value)) {
                let what = format!("`{}` is allowed by `only` and not allowed by `ignore`", name.value);
                problems.push(name.problem(what).help("take it out of one of them"));
            }
        }
        let Some(bar) = min_quality else { return };
        if !self.scored {
            return self.unscored(bar, problems);
        }
        for (task, _) in &bar.value.tasks {
            self.check_task(task, problems);
        }
    }

    /// A slip in the name of a task would let nobody answer, or everybody.
    fn check_task(&self, task: &Located<String>, problems: &mut Vec<Problem>) {
        let known = |name: &&str| name.eq_ignore_ascii_case(&task.value);
        if !self.scored {
            self.unscored(task, problems);
        } else if !self.tasks.is_empty() && !self.tasks.iter().any(known) {
            let help = match nearest(&task.value, self.tasks.iter().copied(), 1).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are scores for {}", quoted(self.tasks.iter().copied())),
            };
            problems.push(task.problem(format!("no model has a score for `{}`", task.value)).help(help));
        }
    }

    fn unscored<T>(&self, said: &Located<T>, problems: &mut Vec<Problem>) {
        let help = "say how good models are: `quality: {provider/model: 0.8}`";
        problems.push(said.problem("there are no scores to compare with").help(help));
    }

    /// A provider, a kind of providers, a target, or a model; a pattern, where it fits one.
    fn is_somebody(&self, name: &str) -> bool {
        let pattern = Pattern::new(name);
        let names = self.providers.iter().copied().chain(KINDS.iter().map(|kind| kind.name));
        let places = || name.split_once('/').is_some_and(|(provider, _)| self.providers.contains(&provider));
        let mut all = names.chain(self.offered.iter().map(String::as_str));
        all.any(|known| pattern.matches(known))
            || places()
            || self.is_model(name)
            || name.contains('*') && self.catalogue.rows().iter().any(|row| pattern.matches(row.slug()))
    }

    fn unknown(&self, name: &Located<String>, what: &str, problems: &mut Vec<Problem>) {
        let rows = self.catalogue.rows();
        let kinds = |kind: &str| KINDS.iter().any(|known| known.name == kind);
        let slugs = rows.iter().filter(|row| kinds(row.kind)).map(|row| row.slug());
        // Without an author, its own would only make the names differ.
        let own =
            |slug| if name.value.contains('/') { slug } else { str::rsplit(slug, '/').next().unwrap_or_default() };
        let slugs = slugs.map(own);
        let known = self.providers.iter().copied().chain(self.offered.iter().map(String::as_str)).chain(slugs);
        let help = match nearest(&name.value, known, 3) {
            near if near.is_empty() => "name a target as `provider/model`, or a model as the catalogue does".to_owned(),
            near => format!("did you mean {}?", quoted(near)),
        };
        problems.push(name.problem(format!("`{}` is {what} that is known here", name.value)).help(help));
    }
}

/// Two spellings of one model.
fn alike(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
        && author(other).is_none_or(|a| author(one).is_some_and(|own| own.eq_ignore_ascii_case(a)))
}
