//! How long a decision takes, and what it allocates.

use std::hint::black_box;
use std::time::{Duration, Instant};

use http::HeaderMap;
use outrider::canonical::{Dialect, Usage};
use outrider::routing::choice::Balance;
use outrider::routing::plan::{Plan, Question};
use outrider::routing::routes::{Pattern, Route, Routes, Then, Traits, When};
use outrider::routing::score::Estimate;

use super::allocations::count as count_allocations;
use super::models;
use super::verdict::Verdict;

/// What has to be beaten.
const DECISION: Duration = Duration::from_micros(5);
const ROUTES: Duration = Duration::from_micros(50);

/// Calls of the allocator for a decision, however many targets there are: a table, what is known of each, an order.
const ALLOCATIONS: usize = 8;

/// Prints both; what is over its aim is a failure.
pub fn report(verdict: &mut Verdict) {
    let mut of_few = 0;
    for count in [2, 10, 100] {
        let (took, allocations) = decision(count);
        println!(
            "decision by score among {count} measured targets: {took:?}, {allocations} allocations (aim: under {DECISION:?} among 100)"
        );
        verdict.hold(took < DECISION, || format!("a decision among {count} takes {took:?}"));
        let each = allocations > ALLOCATIONS || count == 100 && allocations > of_few;
        verdict.hold(!each, || format!("among {count} targets there are {allocations} allocations, among 10 {of_few}"));
        of_few = allocations;
    }
    for what in [Kind::Names, Kind::Patterns, Kind::Headers, Kind::Callers] {
        let took = routes(10_000, what);
        println!("10,000 routes for {}, of which the last fits: {took:?} (aim: under {ROUTES:?})", what.as_str());
        verdict.hold(took < ROUTES, || format!("10,000 routes for {} take {took:?}", what.as_str()));
    }
}

/// What routes are about.
#[derive(Clone, Copy)]
enum Kind {
    Names,
    Patterns,
    Headers,
    Callers,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Names => "whole names of models",
            Self::Patterns => "patterns of models",
            Self::Headers => "a header",
            Self::Callers => "callers",
        }
    }
}

fn decision(count: usize) -> (Duration, usize) {
    let model = models::alike(count, Balance::Score);
    let mut now = Instant::now();
    let mut dice = fastrand::Rng::with_seed(7);
    for target in model.groups[0].iter().cycle().take(count * 30) {
        now += Duration::from_millis(10);
        let mut in_flight = target.health.start(now);
        let first = Duration::from_millis(400 + dice.u64(..400));
        in_flight.answered(now, first);
        let usage = Usage { input: Some(1_000), output: Some(200), ..Usage::default() };
        in_flight.ended(now + first * 8, &usage);
    }
    let question = Question { estimate: Estimate { input: Some(1_000.0), output_at_most: None }, ..Question::at(now) };
    let mut decide = || {
        let _ = black_box(Plan::new(model.clone(), black_box(&question), || dice.f64()));
    };
    let allocations = count_allocations(&mut decide).calls;
    (best_of(decide), allocations)
}

fn routes(count: usize, kind: Kind) -> Duration {
    let when = |index: usize| {
        let model = |star: &str| vec![Pattern::new(&format!("model-{index}{star}"))];
        let headers = vec![("x-team".parse().expect("a name"), vec![Pattern::new(&format!("team-{index}-*"))])];
        match kind {
            Kind::Names => When { models: model(""), headers, ..When::default() },
            Kind::Patterns => When { models: model("*"), headers, ..When::default() },
            Kind::Headers => When { headers, ..When::default() },
            Kind::Callers => When { callers: vec![Pattern::new(&format!("{index}-team"))], ..When::default() },
        }
    };
    let routes: Routes = (0..count)
        .map(|index| Route { name: "r".into(), when: when(index), then: Then::Deny("no".into()), terms: None })
        .collect();
    let mut headers = HeaderMap::new();
    headers.insert("x-team", format!("team-{}-search", count - 1).parse().expect("a value"));
    let (model, caller) = (format!("model-{}", count - 1), format!("{}-team", count - 1));
    let call = Traits {
        model: &model,
        dialect: Dialect::OpenAiChat,
        host: None,
        path: "/v1/chat/completions",
        headers: &headers,
        stream: true,
        inside: None,
        minute: 0,
        caller: Some(&caller),
        matched: None,
    };
    best_of(|| assert!(black_box(black_box(&routes).route(&call)).is_some()))
}

/// The mean of the best of many rounds: what else the machine does only adds.
fn best_of(mut work: impl FnMut()) -> Duration {
    const ROUND: u32 = 200;
    let round = |_| {
        let start = Instant::now();
        (0..ROUND).for_each(|_| work());
        start.elapsed() / ROUND
    };
    (0..50).map(round).min().unwrap_or_default()
}
