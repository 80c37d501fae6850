//! Who may answer, decided: what models, routes and callers say about it.

mod check;

use std::collections::HashMap;
use std::sync::Arc;

use super::quality::scores;
use crate::catalogue::{Ability, Catalogue, Scores, author};
use crate::config::money::Money;
use crate::config::schema::{self, Defaults, Promise};
use crate::config::setting::{Located, OneOrMore};
use crate::config::{Config, Problem};
use crate::names::CallerName;
use crate::routing::constraints::{Meant, Require, Terms, Whose, excluded, nobody};
use crate::routing::wishes::MaxPrice;
use crate::snapshot::Snapshot;

pub use check::check;

/// What a model says; each key that it does not say, as the defaults do.
pub fn of_model(said: &schema::Model, defaults: &Defaults, catalogue: &Catalogue) -> Terms {
    Terms {
        whose: Whose::Model,
        require: require(&merged(&said.require, &defaults.require), catalogue),
        min_quality: bar(if said.min_quality.is_some() { &said.min_quality } else { &defaults.min_quality }),
        task: None,
    }
}

/// What each caller of whom something is said may be answered by.
pub fn of_callers(config: &Config, catalogue: &Catalogue) -> HashMap<CallerName, Arc<Terms>> {
    let terms = config.callers.0.iter().map(|(name, said)| {
        let name = CallerName::from(name.value.as_str());
        let terms = Terms {
            whose: Whose::Caller(name.clone()),
            require: require(&said.require, catalogue),
            min_quality: bar(&said.min_quality),
            task: None,
        };
        (name, Arc::new(terms))
    });
    terms.filter(|(_, terms)| !terms.is_empty()).collect()
}

/// What a route says, if it does.
pub fn of_route(name: Arc<str>, said: &schema::Route, catalogue: &Catalogue) -> Option<Arc<Terms>> {
    let terms = Terms {
        whose: Whose::Route(name),
        require: require(&said.require, catalogue),
        min_quality: bar(&said.min_quality),
        task: said.task.as_ref().map(|task| task.value.as_str().into()),
    };
    says(said).then(|| Arc::new(terms))
}

/// Whether a route says anything about who may answer.
pub fn says(said: &schema::Route) -> bool {
    said.require != schema::Require::default() || said.min_quality.is_some() || said.task.is_some()
}

fn bar(said: &Option<Located<schema::Scores>>) -> Scores {
    said.as_ref().map(|said| scores(&said.value)).unwrap_or_default()
}

fn merged(said: &schema::Require, usual: &schema::Require) -> schema::Require {
    let schema::MaxPrice { input, output, request, image, audio } = said.max_price;
    schema::Require {
        region: said.region.clone().or_else(|| usual.region.clone()),
        training: said.training.or(usual.training),
        retention: said.retention.or(usual.retention),
        quantization: said.quantization.clone().or_else(|| usual.quantization.clone()),
        max_price: schema::MaxPrice {
            input: input.or(usual.max_price.input),
            output: output.or(usual.max_price.output),
            request: request.or(usual.max_price.request),
            image: image.or(usual.max_price.image),
            audio: audio.or(usual.max_price.audio),
        },
        context: said.context.or(usual.context),
        abilities: said.abilities.clone().or_else(|| usual.abilities.clone()),
        only: said.only.clone().or_else(|| usual.only.clone()),
        ignore: said.ignore.clone().or_else(|| usual.ignore.clone()),
    }
}

fn require(said: &schema::Require, catalogue: &Catalogue) -> Require {
    let texts = |said: &Option<OneOrMore<String>>| -> Vec<Box<str>> {
        said.iter().flat_map(|said| &said.0).map(|text| text.as_str().into()).collect()
    };
    let most = |amount: Option<Money>| amount.map(|amount| amount.0);
    let all = |said: &OneOrMore<Located<String>>| -> Vec<Meant> {
        said.0.iter().map(|name| meant(&name.value, catalogue)).collect()
    };
    let abilities = said.abilities.iter().flat_map(|said| &said.0);
    let schema::MaxPrice { input, output, request, image, audio } = said.max_price;
    Require {
        region: texts(&said.region),
        no_training: said.training == Some(Promise::Deny),
        no_retention: said.retention == Some(Promise::Deny),
        quantization: texts(&said.quantization),
        max_price: MaxPrice {
            input: most(input),
            output: most(output),
            request: most(request),
            image: most(image),
            audio: most(audio),
        },
        context: said.context.map(|tokens| tokens.get() as u64),
        abilities: abilities
            .filter_map(|word| Some((Ability::said(&word.value)?, word.value.as_str().into())))
            .collect(),
        only: said.only.as_ref().map(all),
        ignore: said.ignore.as_ref().map(all).unwrap_or_default(),
    }
}

/// Models for which nobody can answer, whoever calls: each call of theirs will be refused.
pub fn warnings(config: &Config, snapshot: &Snapshot) -> Vec<Problem> {
    let warning = |(name, _): &(Located<String>, schema::Model)| {
        let model = snapshot.models.get(name.value.as_str())?;
        let why = |target| Some((target, excluded(target, &model.policy.choice, None, None)?));
        let out: Option<Vec<_>> = model.groups.iter().flatten().map(why).collect();
        let fault = nobody(&name.value, out?.iter().map(|(target, why)| (*target, why)));
        Some(
            name.problem(&*fault.message)
                .help("each of its calls will be refused: require less, or name other targets"),
        )
    };
    config.models.0.iter().filter_map(warning).collect()
}

/// Whom a name of a list means: where the catalogue calls models so, these too, whoever serves them.
pub fn meant(name: &str, catalogue: &Catalogue) -> Meant {
    let made_by = |slug: &str| author(name).is_none_or(|a| author(slug).is_some_and(|own| own.eq_ignore_ascii_case(a)));
    let mut slugs: Vec<Box<str>> =
        catalogue.called(name).map(|row| row.slug()).filter(|slug| made_by(slug)).map(Into::into).collect();
    slugs.sort_unstable();
    slugs.dedup();
    Meant::new(name, slugs)
}
