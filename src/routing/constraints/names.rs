//! Whom a name of an allow or deny list means.

use super::Target;
use crate::provider::Provider;
use crate::routing::routes::Pattern;

/// Providers, kinds of providers, targets or models, by a name with `*` for any part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Meant {
    said: Box<str>,
    pattern: Pattern,
    /// What the catalogue calls the models that the name means.
    slugs: Vec<Box<str>>,
}

impl Meant {
    /// What `said` means; `slugs`: the models of the catalogue that are called so.
    pub fn new(said: &str, slugs: Vec<Box<str>>) -> Self {
        Self { said: said.into(), pattern: Pattern::new(said), slugs }
    }

    /// Whether it means this target.
    pub fn is(&self, target: &Target) -> bool {
        let slug = target.facts.slug.as_deref();
        let fits = |name: &str| self.pattern.matches(name);
        is_called(target, &self.said)
            || fits(target.id.as_str())
            || fits(target.provider.id.as_str())
            || fits(target.provider.kind.name)
            || fits(&target.model)
            || slug.is_some_and(|slug| fits(slug) || self.slugs.iter().any(|meant| meant.eq_ignore_ascii_case(slug)))
    }
}

impl Meant {
    /// Whether it means this provider, or all of its kind.
    pub fn is_provider(&self, provider: &Provider) -> bool {
        self.pattern.matches(provider.id.as_str()) || self.pattern.matches(provider.kind.name)
    }
}

/// Whether `name` means this target: it, its provider, or its provider's kind. OpenRouter's names of places within a
/// provider (`google-vertex/us-east5`) mean that provider in that region.
pub fn is_called(target: &Target, name: &str) -> bool {
    let is = |text: &str| text.eq_ignore_ascii_case(name);
    if is(target.provider.id.as_str()) || is(target.id.as_str()) || is(target.provider.kind.name) {
        return true;
    }
    name.split_once('/').is_some_and(|(provider, region)| {
        let of_provider = provider.eq_ignore_ascii_case(target.provider.id.as_str())
            || provider.eq_ignore_ascii_case(target.provider.kind.name);
        of_provider && target.facts.region.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(region))
    })
}
