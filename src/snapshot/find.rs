//! The model that a client asks for, also where the file does not name it.

use std::sync::Arc;

use super::Snapshot;
use crate::canonical::{Fault, FaultKind};
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
    /// any model of the only provider.
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
            return Ok(self.alone(name, provider, model, registry));
        }
        match &self.bare_provider {
            Some(provider) if !name.is_empty() => Ok(self.alone(name, provider, name, registry)),
            _ => Err(self.unknown(name)),
        }
    }

    /// A model that is made up for one call: one target and the defaults.
    pub(super) fn alone(&self, name: &str, provider: &Arc<Provider>, model: &str, registry: &Registry) -> Arc<Model> {
        let id = TargetId::new(&provider.id, model);
        let health = registry.dynamic_target(&id);
        let max_in_flight = provider.max_in_flight_of.get(model).copied();
        let (facts, weight) = (provider.facts(model), 1);
        let (provider, model) = (provider.clone(), model.into());
        let target = Target { id, provider, model, weight, max_in_flight, alternative: 0, health, facts };
        Arc::new(Model { name: name.into(), groups: vec![vec![target]], policy: self.defaults.clone() })
    }

    fn unknown(&self, name: &str) -> Fault {
        let mut models: Vec<&str> = self.models.keys().map(|name| name.as_str()).collect();
        models.sort_unstable();
        let known = models.into_iter().chain(self.offered.iter().map(TargetId::as_str));
        // Without its provider's name it is a bare slip: `gpt-5` for `openai/gpt-5`.
        let bare = self.offered.iter().filter(|id| id.as_str().ends_with(&format!("/{name}"))).map(TargetId::as_str);
        let mut near: Vec<&str> = bare.collect();
        near.extend(
            nearest(name, known, NEAREST).into_iter().filter(|known| !near.contains(known)).collect::<Vec<_>>(),
        );
        near.truncate(NEAREST);
        let providers = quoted(self.providers.keys().map(|id| id.as_str()));
        let hint = match near.is_empty() {
            true if self.providers.is_empty() => "no provider is configured".to_owned(),
            false => format!("did you mean {}?", quoted(near)),
            true => format!("write it as `provider/model` with one of the providers {providers}"),
        };
        Fault::new(FaultKind::UnknownModel, format!("model `{name}` is not configured; {hint}"))
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
        check(FILE, "gpt-5", Err("model `gpt-5` is not configured; did you mean `one/gpt-5`?"));
        check(FILE, "meta/llama-3", Err("model `meta/llama-3` is not configured; did you mean `one/meta/llama-3`?"));
        check(FILE, "on/gpt-5", Err("model `on/gpt-5` is not configured; did you mean `one/gpt-5`?"));
        let providers = "write it as `provider/model` with one of the providers `one`, `two`";
        check(FILE, "claude", Err(&format!("model `claude` is not configured; {providers}")));
        check(FILE, "", Err(&format!("model `` is not configured; {providers}")));
        let all = "did you mean `one/fast`, `one/gpt-5`, `one/meta/llama-3`?";
        check(FILE, "one/", Err(&format!("model `one/` is not configured; {all}")));
        check(FILE, &"x".repeat(257), Err("the model's name is longer than 256 bytes"));
    }

    #[test]
    fn without_providers_no_name_is_known() {
        check("intercept: {}", "gpt-5", Err("model `gpt-5` is not configured; no provider is configured"));
    }

    #[test]
    fn a_single_provider_without_models_serves_every_name() {
        let single = "providers: {one: {dialect: openai_chat, base_url: 'http://one'}}";
        check(single, "gpt-5", Ok(&["one/gpt-5"]));
        check(single, "meta/llama-3", Ok(&["one/meta/llama-3"]));
        check(single, "one/gpt-5", Ok(&["one/gpt-5"]));
        check(
            &format!("{single}\nmodels: {{a: {{targets: [one/b]}}}}"),
            "gpt-5",
            Err("model `gpt-5` is not configured; write it as `provider/model` with one of the providers `one`"),
        );
    }
}
