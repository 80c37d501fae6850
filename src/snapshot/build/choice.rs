//! How a model chooses among its targets, decided.

use super::model::groups;
use super::terms;
use crate::catalogue::Catalogue;
use crate::config::money::Money;
use crate::config::schema::{self, Balance as Said, Defaults};
use crate::routing::choice::{Balance, Choice, Prefer, Sticky, Turn};
use crate::routing::score::Scoring;
use crate::routing::wishes::Percentiles;

/// What a model says, else what the defaults say, else what a careful operator would.
pub fn of_model(said: &schema::Model, defaults: &Defaults, catalogue: &Catalogue) -> Choice {
    let weighed = groups(said).flatten().any(|target| target.weighed);
    let usual = if weighed { Said::Weighted } else { Said::Score };
    let median = |bound| Percentiles { p50: bound, ..Percentiles::default() };
    let mut choice = Choice {
        balance: balance(said.balance.unwrap_or(usual)),
        balance_said: said.balance.is_some() || weighed,
        scoring: scoring(&said.scoring, &defaults.scoring),
        terms: Vec::new(),
        task: None,
        prefer: Prefer {
            first_token: median(said.prefer.first_token.map(|time| time.0.as_secs_f64())),
            throughput: median(said.prefer.throughput.map(|tokens| tokens.0)),
        },
        sticky: sticky(said.sticky.or(defaults.sticky)),
    };
    choice.hold(terms::of_model(said, defaults, catalogue).into(), None);
    choice
}

/// For models that are made up for one call.
pub fn of_defaults(defaults: &Defaults, catalogue: &Catalogue) -> Choice {
    of_model(&schema::Model::default(), defaults, catalogue)
}

fn balance(said: Said) -> Balance {
    match said {
        Said::Score => Balance::Score,
        Said::Price => Balance::Price,
        Said::Latency => Balance::Latency,
        Said::Throughput => Balance::Throughput,
        Said::LeastBusy => Balance::LeastBusy,
        Said::Weighted => Balance::Weighted,
        Said::RoundRobin => Balance::RoundRobin(Turn::default()),
    }
}

fn scoring(said: &schema::Scoring, defaults: &schema::Scoring) -> Scoring {
    let usual = Scoring::default();
    let dollars = |amount: Option<Money>, usual| amount.map_or(usual, |amount| amount.0.dollars() as f32);
    Scoring {
        first_token: dollars(said.first_token.or(defaults.first_token), usual.first_token),
        time: dollars(said.time.or(defaults.time), usual.time),
        unnoticed: said.unnoticed.or(defaults.unnoticed).map_or(usual.unnoticed, |time| time.0.as_secs_f32()),
        errors: said.errors.or(defaults.errors).map_or(usual.errors, |factor| factor.0 as f32),
        tools: said.tools.or(defaults.tools).map_or(usual.tools, |factor| factor.0 as f32),
        limited: said.limited.or(defaults.limited).map_or(usual.limited, |time| time.0.as_secs_f32()),
        edge: said.edge.or(defaults.edge).map_or(usual.edge, |share| share.0 as f32),
        explore: said.explore.or(defaults.explore).map_or(usual.explore, |share| share.0 as f32),
    }
}

fn sticky(said: Option<schema::Sticky>) -> Sticky {
    match said {
        None | Some(schema::Sticky::Auto) => Sticky::Auto,
        Some(schema::Sticky::Session) => Sticky::Session,
        Some(schema::Sticky::Off) => Sticky::Off,
    }
}
