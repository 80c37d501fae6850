//! Small worlds, simulated: who gets the calls when prices, speeds and faults are so and change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::*;
use crate::canonical::{Fault, FaultKind, Usage};
use crate::catalogue::{Facts, Price};
use crate::config::{Fake, parse};
use crate::health::Registry;
use crate::money::Usd;
use crate::snapshot::build;

/// How a target is doing.
#[derive(Clone, Copy)]
struct Doing {
    /// Seconds to the first token.
    first_token: f64,
    /// The share of calls that fail.
    errors: f64,
    /// Each call under way beyond so many makes all later by a fifth.
    room: usize,
}

const WELL: Doing = Doing { first_token: 0.5, errors: 0.0, room: usize::MAX };

/// Three targets, and the clock.
struct World {
    model: Arc<Model>,
    dice: fastrand::Rng,
    now: Instant,
    under_way: Vec<(Instant, usize, health::InFlight, Duration)>,
}

impl World {
    /// `prices`: dollars for a million tokens of prompts; of answers, four times that.
    fn new(model: &str, prices: [Option<f64>; 3]) -> Self {
        let provider = |name: &str| format!("{name}: {{dialect: openai_chat, base_url: 'http://{name}'}}");
        let file = format!(
            "providers: {{{}, {}, {}}}\nmodels: {{m: {{targets: [a/m, b/m, c/m]{model}}}}}",
            provider("a"),
            provider("b"),
            provider("c")
        );
        let registry = Registry::new();
        let config = parse(&file, "o.yaml", &Fake::default()).unwrap().config;
        let found = build(&config, &registry, None).unwrap().find("m", &registry).unwrap();
        let mut groups = found.groups.clone();
        for (target, price) in groups[0].iter_mut().zip(prices) {
            let usd = |dollars: f64| Some(Usd::from_nanos((dollars * 1e9) as i64));
            let price = price.map(|price| Price { input: usd(price), output: usd(price * 4.0), ..Price::default() });
            target.facts = Arc::new(Facts { price, ..Facts::default() });
        }
        let model = Model { name: found.name.clone(), groups, policy: found.policy.clone() };
        let dice = fastrand::Rng::with_seed(7);
        Self { model: Arc::new(model), dice, now: Instant::now(), under_way: Vec::new() }
    }

    /// Ten calls a second for so long. Which percentage each target was first asked for.
    fn run(&mut self, seconds: u32, doing: [Doing; 3]) -> [f64; 3] {
        let mut first = [0.0; 3];
        for _ in 0..seconds * 10 {
            self.now += Duration::from_millis(100);
            self.end_calls();
            let question = Question::at(self.now);
            let plan = Plan::new(self.model.clone(), &question, || self.dice.f64()).unwrap();
            for (place, candidate) in plan.order.iter().enumerate() {
                let index = usize::from(candidate.index);
                first[index] += if place == 0 { 10.0 / f64::from(seconds) } else { 0.0 };
                if self.answers(index, doing[index]) {
                    break;
                }
            }
        }
        first
    }

    fn answers(&mut self, index: usize, doing: Doing) -> bool {
        let health = &self.model.groups[0][index].health;
        let mut in_flight = health.start(self.now);
        if self.dice.f64() < doing.errors {
            in_flight.fault(self.now, &Fault { status: Some(500), ..Fault::new(FaultKind::ServerError, "simulated") });
            return false;
        }
        let crowd = health.in_flight().saturating_sub(doing.room) as f64;
        let took = doing.first_token * (1.0 + crowd / 5.0) * (0.8 + 0.4 * self.dice.f64());
        let took = Duration::from_secs_f64(took);
        in_flight.answered(self.now, took);
        self.under_way.push((self.now + took + Duration::from_secs(2), index, in_flight, took));
        true
    }

    fn end_calls(&mut self) {
        let now = self.now;
        let usage = Usage { input: Some(1_000), output: Some(100), ..Usage::default() };
        for (_, _, in_flight, _) in self.under_way.extract_if(.., |(at, ..)| *at <= now) {
            in_flight.ended(now, &usage);
        }
    }
}

#[test]
fn the_cheapest_wins_and_a_slow_one_loses() {
    let prices = [Some(1.0), Some(2.0), Some(1.5)];
    let shares = World::new("", prices).run(60, [WELL; 3]);
    assert!(shares[0] > 95.0, "{shares:?}");
    let shares = World::new("", [None; 3]).run(60, [Doing { first_token: 4.0, ..WELL }, WELL, WELL]);
    assert!(shares[0] < 8.0 && shares[1] > 30.0 && shares[2] > 30.0, "{shares:?}");
    let shares = World::new("", [None; 3]).run(60, [WELL; 3]);
    assert!(shares.iter().all(|share| (20.0..47.0).contains(share)), "equal: {shares:?}");
}

#[test]
fn a_degraded_one_is_left_within_seconds_and_taken_back() {
    let mut world = World::new("", [Some(1.0), Some(1.7), Some(1.7)]);
    assert!(world.run(60, [WELL; 3])[0] > 90.0);
    for bad in [Doing { errors: 0.35, ..WELL }, Doing { first_token: 12.0, ..WELL }] {
        world.run(10, [bad, WELL, WELL]);
        let left = world.run(50, [bad, WELL, WELL]);
        assert!(left[0] < 15.0, "left: {left:?}");
        world.run(300, [WELL; 3]);
        let back = world.run(60, [WELL; 3]);
        assert!(back[0] > 80.0, "taken back: {back:?}");
    }
}

#[test]
fn equals_with_little_room_are_not_stormed_one_after_the_other() {
    let mut world = World::new("", [None; 3]);
    let doing = [Doing { room: 8, ..WELL }; 3];
    world.run(60, doing);
    for _ in 0..20 {
        let shares = world.run(5, doing);
        assert!(shares.iter().all(|share| *share < 75.0), "{shares:?}");
    }
}

#[test]
fn each_balance_has_its_order() {
    let prices = [Some(3.0), Some(1.0), Some(2.0)];
    let doing = [Doing { first_token: 0.2, ..WELL }, Doing { first_token: 2.0, ..WELL }, WELL];
    let shares = |balance: &str| World::new(&format!(", balance: {balance}"), prices).run(120, doing);
    assert!(shares("price")[1] > 99.0);
    assert!(shares("latency")[0] > 90.0, "{:?}", shares("latency"));
    for balance in ["round_robin", "weighted", "least_busy"] {
        let found = shares(balance);
        assert!(found.iter().all(|share| (20.0..45.0).contains(share)), "{balance}: {found:?}");
    }
}

#[test]
fn a_conversation_stays_until_another_is_better_by_more_than_the_cold_prompt() {
    let mut world = World::new("", [Some(1.0), Some(0.95), Some(5.0)]);
    world.run(30, [WELL; 3]);
    let warm = |target: &str| Warm { target: target.into(), tokens: 900.0 };
    let first = |world: &mut World, warm: Option<&Warm>| {
        let estimate = Estimate { input: Some(1_000.0), output_at_most: None };
        let question = Question { warm, estimate, ..Question::at(world.now) };
        let plan = Plan::new(world.model.clone(), &question, || world.dice.f64()).unwrap();
        plan.target(&plan.order[0]).id.to_string()
    };
    for _ in 0..50 {
        assert_eq!(first(&mut world, Some(&warm("a/m"))), "a/m", "a little dearer, and warm");
        assert_ne!(first(&mut world, Some(&warm("c/m"))), "c/m", "far too dear, even so");
    }
    let on_b = (0..200).filter(|_| first(&mut world, None) == "b/m").count();
    assert!((60..140).contains(&on_b), "without it, both share: {on_b}");
}
