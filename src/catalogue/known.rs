//! What one provider's models are known to be.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Catalogue, Data, Facts};

/// So many models are remembered: names come from clients, and of these there is no end.
const MOST: usize = 1024;

/// What one provider's models are known to be: by the catalogue, and by what the operator says, which counts more.
#[derive(Debug, Default)]
pub struct Known {
    catalogue: Option<(Arc<Catalogue>, &'static str)>,
    /// What its vendor says in public.
    promised: Option<&'static Data>,
    /// The provider's name.
    provider: Box<str>,
    /// What is said of all its models.
    all: Facts,
    /// What is said of single ones.
    models: HashMap<String, Facts>,
    seen: RwLock<HashMap<Box<str>, Arc<Facts>>>,
}

impl Known {
    /// What the operator says of all models, and of single ones.
    pub fn said(all: Facts, models: HashMap<String, Facts>) -> Self {
        Self { all, models, ..Self::default() }
    }

    /// What the catalogue says of a kind of provider.
    pub fn of_kind(catalogue: Arc<Catalogue>, kind: &'static str) -> Self {
        Self::default().with(catalogue, kind)
    }

    /// The same, with the catalogue for what is not said.
    pub fn with(self, catalogue: Arc<Catalogue>, kind: &'static str) -> Self {
        Self { catalogue: Some((catalogue, kind)), ..self }
    }

    /// The same, with what its vendor says in public of the data that it is sent, where the operator says nothing.
    pub fn promising(self, promised: Option<&'static Data>) -> Self {
        Self { promised, ..self }
    }

    /// The same, of the provider with that name.
    pub fn of(self, provider: &str) -> Self {
        Self { provider: provider.into(), ..self }
    }

    /// Where all its models run.
    pub fn region(&self) -> Option<&str> {
        self.all.region.as_deref()
    }

    /// The models of which something is said.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }

    /// What is known of `model`.
    pub fn facts(&self, model: &str) -> Arc<Facts> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner).get(model).cloned();
        seen.unwrap_or_else(|| {
            let facts = Arc::new(self.look_up(model));
            let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
            if seen.len() >= MOST {
                seen.clear();
            }
            seen.insert(model.into(), facts.clone());
            facts
        })
    }

    fn look_up(&self, model: &str) -> Facts {
        let found = self.catalogue.as_ref().and_then(|(catalogue, kind)| catalogue.facts(kind, model));
        let mut facts = found.unwrap_or_default();
        if let Some(data) = self.promised.filter(|data| data.holds_for(model)) {
            (facts.training, facts.retention) = (data.training, data.retention);
        }
        facts.overlay(self.all.clone());
        if let Some(said) = self.models.get(model) {
            facts.overlay(said.clone());
        }
        let quality = self.catalogue.as_ref().map(|(catalogue, _)| catalogue.quality());
        facts.quality = quality.and_then(|quality| quality.of(&self.provider, model, facts.slug.as_deref()));
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_model_counts_most_and_what_is_remembered_has_an_end() {
        let mut known = Known::of_kind(Arc::default(), "openai");
        known.all.region = Some("eu".into());
        known.models.insert("gpt-4o".into(), Facts { context: Some(7), ..Facts::default() });
        let facts = known.facts("gpt-4o");
        assert_eq!((facts.context, facts.region.as_deref()), (Some(7), Some("eu")));
        assert!(facts.price.is_some());
        assert!(Arc::ptr_eq(&facts, &known.facts("gpt-4o")));
        for number in 0..3 * MOST {
            let unknown = known.facts(&format!("x{number}"));
            assert_eq!(*unknown, Facts { region: Some("eu".into()), ..Facts::default() });
        }
        assert!(known.seen.read().unwrap().len() <= MOST);
        assert_eq!(*Known::default().facts("gpt-4o"), Facts::default());
    }
}
