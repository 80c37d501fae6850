//! The model that a client asks for, also where the file does not name it.

use std::sync::Arc;

use super::Snapshot;
use crate::canonical::{Fault, FaultKind};
use crate::catalogue::{Row, Table, author};
use crate::config::nearest::{nearest, quoted};
use crate::health::Registry;
use crate::names::TargetId;
use crate::provider::Provider;
use crate::routing::{Model, Target};

/// Far longer than any model's name. What clients make up is kept as the name of a target.
const LONGEST_NAME: usize = 256;

/// So many names in a hint.
const NEAREST: usize = 3;

impl Snapshot {
    /// A model of the file; else `provider/model` with a configured provider; else, where nothing else can be meant,
    /// any model of the only provider; else what the catalogue calls so, served by every configured provider that has
    /// it.
    pub fn find(&self, name: &str, registry: &Registry) -> Result<Arc<Model>, Fault> {
        if let Some(model) = self.models.get(name) {
            return Ok(model.clone());
        }
        if name.len() > LONGEST_NAME {
            let message = format!("the model's name is longer than {LONGEST_NAME} bytes");
            return Err(Fault::new(FaultKind::UnknownModel, message));
        }
        if let Some((provider, model)) = name.split_once('/')
            && let Some(provider) = self.providers.get(provider)
            && !model.is_empty()
        {
            let own = self.asked.own(provider, &self.catalogue, name, model);
            return Ok(self.alone(name, provider, &own, registry));
        }
        let bare = self.bare_provider.as_ref().filter(|_| !name.is_empty());
        // An author before the name, which the only provider does not have, is the catalogue's.
        if let Some(provider) = bare.filter(|_| !name.contains('/')) {
            return Ok(self.alone(name, provider, name, registry));
        }
        let served = self.asked.by(&self.providers, &self.catalogue, name);
        match (bare, served.is_empty()) {
            (_, false) => Ok(self.among(name, &served, registry)),
            (Some(provider), true) => Ok(self.alone(name, provider, name, registry)),
            (None, true) => Err(self.unknown(name)),
        }
    }

    /// A model that is made up for one call: whoever serves it, as equals, and the defaults.
    fn among(&self, name: &str, served: &[(Arc<Provider>, Arc<str>)], registry: &Registry) -> Arc<Model> {
        let target = |(provider, model): &(Arc<Provider>, Arc<str>)| target(provider, model, registry);
        let group = served.iter().map(target).collect();
        Arc::new(Model { name: name.into(), groups: vec![group], policy: self.defaults.clone() })
    }

    /// A model that is made up for one call: one target and the defaults.
    pub(super) fn alone(&self, name: &str, provider: &Arc<Provider>, model: &str, registry: &Registry) -> Arc<Model> {
        let groups = vec![vec![target(provider, model, registry)]];
        Arc::new(Model { name: name.into(), groups, policy: self.defaults.clone() })
    }

    fn unknown(&self, name: &str) -> Fault {
        let mut models: Vec<&str> = self.models.keys().map(|name| name.as_str()).collect();
        models.sort_unstable();
        let slugs = self.catalogue.tables().flat_map(Table::rows);
        let slugs = slugs.filter(|row| self.providers.values().any(|provider| provider.kind.name == row.kind));
        // Of an author's names, those that begin like this one come first anyway.
        let slugs = slugs.map(|row| row.slug().rsplit('/').next().unwrap_or_default());
        let known = models.into_iter().chain(self.offered.iter().map(TargetId::as_str)).chain(slugs);
        // Without its provider's name it is a bare slip: `gpt-5` for `openai/gpt-5`.
        let bare = self.offered.iter().filter(|id| id.as_str().ends_with(&format!("/{name}"))).map(TargetId::as_str);
        let mut near: Vec<&str> = bare.collect();
        near.extend(
            nearest(name, known, NEAREST).into_iter().filter(|known| !near.contains(known)).collect::<Vec<_>>(),
        );
        near.truncate(NEAREST);
        let here = |row: &Row<'_>| self.providers.values().find(|provider| provider.kind.name == row.kind);
        let ended = self.catalogue.called(name).filter(|row| made_by(row, name) && row.until().is_some());
        if let Some((row, provider)) = ended.filter_map(|row| Some((row, here(&row)?))).next() {
            let (id, model, last) = (&provider.id, row.model, row.until().unwrap_or_default());
            let message =
                format!("model `{name}` ended on {last} at `{id}`; ask for `{id}/{model}` if it is there still");
            return Fault::new(FaultKind::UnknownModel, message);
        }
        let mut kinds: Vec<&str> =
            self.catalogue.called(name).filter(|row| made_by(row, name)).map(|row| row.kind).collect();
        kinds.dedup();
        if !kinds.is_empty() {
            let message = format!("model `{name}` is known, but no configured provider has it");
            return Fault::new(FaultKind::UnknownModel, format!("{message}; it is served by {}", quoted(kinds)));
        }
        let providers = quoted(self.providers.keys().map(|id| id.as_str()));
        let hint = match near.is_empty() {
            true if self.providers.is_empty() => "no provider is configured".to_owned(),
            false => format!("did you mean {}?", quoted(near)),
            true => format!("write it as `provider/model` with one of the providers {providers}"),
        };
        Fault::new(FaultKind::UnknownModel, format!("model `{name}` is not configured; {hint}"))
    }
}

/// Whether the author that `name` begins with, if one is there, is this model's.
fn made_by(row: &Row<'_>, name: &str) -> bool {
    !name.is_empty()
        && author(name).is_none_or(|wanted| author(row.slug()).is_some_and(|a| a.eq_ignore_ascii_case(wanted)))
}

/// One model at one provider, of which no file says anything.
fn target(provider: &Arc<Provider>, model: &str, registry: &Registry) -> Target {
    let id = TargetId::new(&provider.id, model);
    Target {
        health: registry.dynamic_target(&id),
        max_in_flight: provider.max_in_flight_of.get(model).copied(),
        facts: provider.facts(model),
        provider: provider.clone(),
        model: model.into(),
        weight: 1,
        alternative: 0,
        id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fake, parse};
    use crate::snapshot::build;

    const FILE: &str = "
providers:
  one: {dialect: openai_chat, base_url: 'http://one', models: {gpt-5: {}, meta/llama-3: {}}}
  two: {dialect: openai_chat, base_url: 'http://two'}
models:
  smart: {targets: [one/gpt-5, two/gpt-5-mini]}
  one/fast: {targets: [two/small]}
";

    /// `expected`: the targets that are found, or the message.
    fn check(file: &str, name: &str, expected: Result<&[&str], &str>) {
        let registry = Registry::new();
        let config = parse(file, "o.yaml", &Fake::default()).unwrap().config;
        let snapshot = build(&config, &registry, None).unwrap();
        match (snapshot.find(name, &registry), expected) {
            (Ok(model), Ok(expected)) => {
                let targets: Vec<&str> = model.groups.iter().flatten().map(|target| target.id.as_str()).collect();
                assert_eq!(targets, expected, "{name}");
                assert_eq!(model.name.as_str(), name);
            }
            (Err(fault), Err(expected)) => {
                assert_eq!(fault.kind, FaultKind::UnknownModel);
                assert_eq!(fault.message, expected, "{name}");
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
    }

    #[test]
    fn names_are_found_in_the_file_or_by_their_provider() {
        check(FILE, "smart", Ok(&["one/gpt-5", "two/gpt-5-mini"]));
        check(FILE, "one/fast", Ok(&["two/small"]));
        check(FILE, "one/anything", Ok(&["one/anything"]));
        check(FILE, "two/meta/llama-3", Ok(&["two/meta/llama-3"]));
    }

    #[test]
    fn other_names_are_refused_with_the_nearest() {
        check(FILE, "smrt", Err("model `smrt` is not configured; did you mean `smart`?"));
        check(FILE, "gpt-5", Ok(&["one/gpt-5"]));
        check(FILE, "meta/llama-3", Ok(&["one/meta/llama-3"]));
        check(FILE, "on/gpt-5", Err("model `on/gpt-5` is not configured; did you mean `one/gpt-5`?"));
        let providers = "write it as `provider/model` with one of the providers `one`, `two`";
        check(FILE, "zebra", Err(&format!("model `zebra` is not configured; {providers}")));
        check(FILE, "", Err(&format!("model `` is not configured; {providers}")));
        let all = "did you mean `one/fast`, `one/gpt-5`, `one/meta/llama-3`?";
        check(FILE, "one/", Err(&format!("model `one/` is not configured; {all}")));
        check(FILE, &"x".repeat(257), Err("the model's name is longer than 256 bytes"));
    }

    #[test]
    fn without_providers_no_name_is_known() {
        check("intercept: {}", "mine", Err("model `mine` is not configured; no provider is configured"));
    }

    #[test]
    fn a_name_of_the_catalogue_is_served_by_whoever_has_the_model() {
        let file = "providers: {anthropic: {api_key: k}, aws: {kind: bedrock, region: us-east-1, api_key: k}}";
        let expected = ["anthropic/claude-sonnet-4-5", "aws/us.anthropic.claude-sonnet-4-5-20250929-v1:0"];
        for name in ["claude-sonnet-4-5", "claude-sonnet-4.5"] {
            check(file, name, Ok(&expected));
        }
        // An author's name that is a provider's too, before a name that only others use.
        check(file, "anthropic/claude-sonnet-4.5", Ok(&["anthropic/claude-sonnet-4-5"]));
        check(file, "aws/claude-sonnet-4.5", Ok(&[expected[1]]));
        check(file, "anthropic/claude-sonnet-4-5-20250929", Ok(&["anthropic/claude-sonnet-4-5-20250929"]));
        check(file, "anthropic/claude-of-tomorrow", Ok(&["anthropic/claude-of-tomorrow"]));
        let dated = "claude-sonnet-4-5-20250929";
        check(file, dated, Ok(&["anthropic/claude-sonnet-4-5-20250929", expected[1]]));
        let two = "providers: {oai: {kind: openai, api_key: k}, groq: {api_key: k}}";
        for name in ["gpt-5", "openai/gpt-5", "GPT-5", "gpt-5-latest", "OpenAI/gpt-5"] {
            check(two, name, Ok(&["oai/gpt-5"]));
        }
        check(two, "openai/gpt-5-2025-08-07", Ok(&["oai/gpt-5-2025-08-07"]));
        check(two, "openai/gpt-oss-120b", Ok(&["groq/openai/gpt-oss-120b"]));
        let near = "model `claude-sonet-4-5` is not configured; did you mean `claude-sonnet-4";
        let registry = Registry::new();
        let config = parse(file, "o.yaml", &Fake::default()).unwrap().config;
        let snapshot = build(&config, &registry, None).unwrap();
        let message = |name: &str| snapshot.find(name, &registry).unwrap_err().message.to_string();
        assert!(message("claude-sonet-4-5").starts_with(near), "{}", message("claude-sonet-4-5"));
        let known = "model `gpt-4o` is known, but no configured provider has it; it is served by `azure`,";
        assert!(message("gpt-4o").starts_with(known), "{}", message("gpt-4o"));
    }

    #[test]
    fn the_only_provider_is_asked_for_a_slug_by_its_own_name_of_it() {
        let only = "providers: {groq: {api_key: k}}";
        check(only, "meta-llama/llama-3.3-70b-instruct", Ok(&["groq/llama-3.3-70b-versatile"]));
        check(only, "openai/gpt-oss-120b", Ok(&["groq/openai/gpt-oss-120b"]));
        check(only, "someone/new", Ok(&["groq/someone/new"]));
        let router = "providers: {openrouter: {api_key: k}}";
        check(router, "openrouter/auto", Ok(&["openrouter/openrouter/auto"]));
        check(router, "openrouter/openai/gpt-4o", Ok(&["openrouter/openai/gpt-4o"]));
    }

    #[test]
    fn a_single_provider_without_models_serves_every_name() {
        let single = "providers: {one: {dialect: openai_chat, base_url: 'http://one'}}";
        check(single, "gpt-5", Ok(&["one/gpt-5"]));
        check(single, "meta/llama-3", Ok(&["one/meta/llama-3"]));
        check(single, "one/gpt-5", Ok(&["one/gpt-5"]));
        check(
            &format!("{single}\nmodels: {{a: {{targets: [one/b]}}}}"),
            "zebra",
            Err("model `zebra` is not configured; write it as `provider/model` with one of the providers `one`"),
        );
    }
}
