//! Who may answer a call that names its models as OpenRouter's clients do: several, to be asked one after the other,
//! and with a wish behind the name (`:nitro`).

use std::sync::Arc;

use super::suffix::{self, Suffix, is_openrouter, no_preset};
use crate::canonical::{Fault, FaultKind};
use crate::health::Registry;
use crate::provider::Provider;
use crate::routing::constraints::Bound;
use crate::routing::routes::Traits;
use crate::routing::wishes::Wishes;
use crate::routing::{Model, Target};
use crate::snapshot::Snapshot;

/// The most tries of a call that names several models.
const MOST_TRIES: u32 = 20;

/// The row of the catalogue to which nothing has to be translated.
pub const OPENROUTER: &str = "openrouter";

/// The model that answers `call`, made of all that it names. Of several, those that nobody here serves are passed over
/// while there is another, and named in `lost`, as is what behind a name nobody can do.
pub fn choose(
    snapshot: &Snapshot,
    call: &Traits<'_>,
    origin: Option<&Arc<Provider>>,
    wishes: &mut Wishes,
    lost: &mut Vec<String>,
    registry: &Registry,
) -> Result<Arc<Model>, Fault> {
    // Where a call was going is asked for what it names, not for what we would make of it.
    if origin.is_some() {
        return snapshot.choose(call, origin, registry);
    }
    let mut whole: Option<Model> = None;
    let mut refused = None;
    for (place, name) in (0u16..).zip(std::iter::once(call.model).chain(wishes.models.iter().map(String::as_str))) {
        match one(snapshot, &Traits { model: name, ..*call }, registry, lost) {
            Ok((model, suffix)) => {
                wishes.sort = wishes.sort.or(suffix.and_then(Suffix::sort));
                if wishes.models.is_empty() {
                    return Ok(model);
                }
                add(&mut whole, &model, place);
            }
            Err(fault) if wishes.models.is_empty() || fault.kind == FaultKind::Forbidden => return Err(fault),
            Err(fault) => {
                lost.push(name.to_owned());
                refused.get_or_insert(fault);
            }
        }
    }
    match (whole, refused) {
        (Some(whole), _) => Ok(Arc::new(whole)),
        (None, Some(fault)) => Err(fault),
        (None, None) => Err(Fault::new(FaultKind::BadRequest, "the call names no model")),
    }
}

/// A model's name without what is no part of it. Variants are: the free one of a model has a name of its own.
pub fn bare(name: &str) -> &str {
    let wish = |(_, suffix): &(&str, Suffix)| suffix.sort().is_some() || *suffix == Suffix::Online;
    Suffix::of(name).filter(wish).map_or(name, |(name, _)| name)
}

/// One of the names. What the configuration calls so is meant, whatever it ends with.
fn one(
    snapshot: &Snapshot,
    call: &Traits<'_>,
    registry: &Registry,
    lost: &mut Vec<String>,
) -> Result<(Arc<Model>, Option<Suffix>), Fault> {
    if let Some((model, preset)) = suffix::preset(call.model, snapshot) {
        return with_preset(snapshot, call, registry, (model, preset)).map(|model| (model, None));
    }
    let Some((model, suffix)) = Suffix::meant(call.model, snapshot) else {
        return Ok((snapshot.choose(call, None, registry)?, None));
    };
    let model = snapshot.choose(&Traits { model, ..*call }, None, registry)?;
    let mut model = suffix::passed_on(model, suffix.as_str(), registry);
    if suffix == Suffix::Free {
        model = suffix::free(&model)?;
    }
    if suffix.is_openrouters() && !model.groups.iter().flatten().all(is_openrouter) {
        lost.push(suffix.as_str().to_owned());
    }
    Ok((model, Some(suffix)))
}

/// A model with a preset, or a preset alone, which names its model itself.
fn with_preset(
    snapshot: &Snapshot,
    call: &Traits<'_>,
    registry: &Registry,
    (model, preset): (&str, &str),
) -> Result<Arc<Model>, Fault> {
    if model.is_empty() {
        let provider = suffix::openrouter(snapshot).ok_or_else(|| no_preset(preset))?;
        return snapshot.choose(&Traits { model: &format!("{provider}/{preset}"), ..*call }, None, registry);
    }
    let model = snapshot.choose(&Traits { model, ..*call }, None, registry)?;
    suffix::only(&suffix::passed_on(model, preset, registry), is_openrouter).ok_or_else(|| no_preset(preset))
}

/// `model` behind those that are there.
fn add(whole: &mut Option<Model>, model: &Model, alternative: u16) {
    let groups = model.groups.iter().map(|group| {
        let named = |target: &Target| Target { alternative, ..target.clone() };
        group.iter().map(named).collect::<Vec<_>>()
    });
    // What each of the models requires holds for its own targets.
    let terms = model.policy.choice.terms.iter().map(|bound| bound.terms.clone());
    match whole {
        None => {
            let (name, mut policy) = (model.name.clone(), model.policy.clone());
            if terms.len() > 0 {
                let choice = Arc::make_mut(&mut policy.choice);
                choice.terms.iter_mut().for_each(|bound| bound.alternative = Some(alternative));
            }
            *whole = Some(Model { name, groups: groups.collect(), policy });
        }
        Some(whole) => {
            whole.groups.extend(groups);
            if terms.len() > 0 {
                let bound = terms.map(|terms| Bound { terms, alternative: Some(alternative) });
                Arc::make_mut(&mut whole.policy.choice).terms.extend(bound);
            }
            // As if it were a call of each.
            whole.policy.tries = (whole.policy.tries + model.policy.tries).min(MOST_TRIES);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::config::{Fake, parse};
    use crate::routing::wishes::Sort;
    use crate::snapshot::build;

    const FILE: &str = "
providers:
  one: {dialect: openai_chat, base_url: 'http://one', models: {'llama:nitro': {}, gift: {price: {input: 0, output: 0}}}}
  openrouter: {api_key: k}
models:
  smart: {targets: [one/large], fallbacks: [openrouter/a/b]}
  fast:nitro: {targets: [one/fast]}
  fast: {targets: [one/fast]}
  gift: {targets: [one/fast, one/gift]}
  '@preset/own': {targets: [one/large]}
routes:
  - {when: {model: no-*}, deny: not for production}
";

    /// `expected`: the targets with the place of the model that they serve, the sort, what was passed over.
    fn check(model: &str, models: &[&str], expected: Result<(&str, Option<Sort>, &[&str]), &str>) {
        let registry = Registry::new();
        let config = parse(FILE, "o.yaml", &Fake::default()).unwrap().config;
        let snapshot = build(&config, &registry, None).unwrap();
        let headers = HeaderMap::new();
        let call = Traits::sample(model, &headers);
        let mut wishes = Wishes { models: models.iter().map(|name| (*name).into()).collect(), ..Wishes::default() };
        let mut lost = Vec::new();
        match (choose(&snapshot, &call, None, &mut wishes, &mut lost, &registry), expected) {
            (Ok(model), Ok((targets, sort, passed_over))) => {
                let told: Vec<String> =
                    model.groups.iter().flatten().map(|one| format!("{} {}", one.alternative, one.id)).collect();
                assert_eq!((told.join(", ").as_str(), wishes.sort), (targets, sort));
                assert_eq!(lost, passed_over);
            }
            (Err(fault), Err(expected)) => assert!(fault.message.contains(expected), "{}", fault.message),
            (found, expected) => panic!("{model}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn a_suffix_is_a_wish_unless_it_is_a_name() {
        check("one/x", &[], Ok(("0 one/x", None, &[])));
        check("one/x:nitro", &[], Ok(("0 one/x", Some(Sort::Throughput), &[])));
        check("one/x:floor", &[], Ok(("0 one/x", Some(Sort::Price), &[])));
        check("one/x:exacto", &[], Ok(("0 one/x", Some(Sort::Exacto), &[])));
        check("one/x:free", &[], Ok(("0 one/x:free", None, &[])));
        check("one/x:online", &[], Ok(("0 one/x", None, &[":online"])));
        check("openrouter/a/b:online", &[], Ok(("0 openrouter/a/b:online", None, &[])));
        check("smart:extended", &[], Ok(("0 one/large, 0 openrouter/a/b:extended", None, &[":extended"])));
        check("smart:thinking", &[], Ok(("0 one/large, 0 openrouter/a/b:thinking", None, &[])));
        check("one/x:8b", &[], Ok(("0 one/x:8b", None, &[])));
        check("one/llama:nitro", &[], Ok(("0 one/llama:nitro", None, &[])));
        check("fast:nitro", &[], Ok(("0 one/fast", None, &[])));
        check("smart:floor", &[], Ok(("0 one/large, 0 openrouter/a/b:floor", Some(Sort::Price), &[])));
    }

    #[test]
    fn free_are_those_that_are_known_to_cost_nothing() {
        check("smart:free", &[], Ok(("0 openrouter/a/b:free", None, &[])));
        check("gift:free", &[], Ok(("0 one/gift", None, &[])));
        check("fast:free", &[], Err("`one/fast` is excluded by max_price of the call (its price is not known)"));
        check("gift:free", &["one/x"], Ok(("0 one/gift, 1 one/x", None, &[])));
    }

    #[test]
    fn presets_are_openrouters_or_models_of_the_file() {
        check("@preset/code", &[], Ok(("0 openrouter/@preset/code", None, &[])));
        check("@preset/own", &[], Ok(("0 one/large", None, &[])));
        check("smart@preset/code", &[], Ok(("0 openrouter/a/b@preset/code", None, &[])));
        check("fast:nitro@preset/code", &[], Err("`preset`: presets are kept at OpenRouter"));
    }

    #[test]
    fn models_stand_one_behind_the_other() {
        check("smart", &["one/x:floor"], Ok(("0 one/large, 0 openrouter/a/b, 1 one/x", Some(Sort::Price), &[])));
        check("nowhere", &["one/x", "void"], Ok(("1 one/x", None, &["nowhere", "void"])));
        check("nowhere", &["void"], Err("model `nowhere` is not configured"));
        check("one/x", &["no-more"], Err("not for production"));
    }
}
