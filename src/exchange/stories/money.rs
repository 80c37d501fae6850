//! What calls cost, however they end.

use super::recovery::THERE;
use super::*;
use crate::catalogue::{Class, Facts, Price, Service};
use crate::money::Usd;
use crate::routing::Model;

/// Prompts cost a dollar, answers ten, for a million tokens.
const COUNTED: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100}}\n\n";
const LONG: &str = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":100}}"#;
const UNCOUNTED: &str =
    r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;

/// A world in which that is what everybody takes.
fn priced(a: Act, b: Act) -> World {
    let world = World::new(a, b);
    let (input, output) = (Usd::parse("1"), Usd::parse("10"));
    let facts = Arc::new(Facts { price: Some(Price { input, output, ..Price::default() }), ..Facts::default() });
    world.with_facts(facts)
}

impl World {
    /// The same, where all that is known of every target is `facts`.
    pub(super) fn with_facts(self, facts: Arc<Facts>) -> Self {
        let alone = Arc::into_inner(self.0.snapshot).map(ArcSwap::into_inner).and_then(Arc::into_inner);
        let mut snapshot = alone.expect("nobody else uses it");
        for model in snapshot.models.values_mut() {
            let mut groups = model.groups.clone();
            groups.iter_mut().flatten().for_each(|target| target.facts = facts.clone());
            *model = Arc::new(Model { name: model.name.clone(), groups, policy: model.policy.clone() });
        }
        World(Exchange { snapshot: Arc::new(ArcSwap::from_pointee(snapshot)), ..self.0 })
    }

    /// Dollars by target, and whether something was left without a price.
    fn spent(&self) -> (String, bool) {
        let text = self.0.telemetry.metrics.render([], [], [], []);
        let of = |name: &str| text.lines().filter(|line| line.starts_with(name)).collect::<Vec<_>>().join("\n");
        let target = |line: &str| {
            let (labels, value) = line.rsplit_once(' ')?;
            let target = labels.split("target=\"").nth(1)?.split('"').next()?;
            Some(format!("{target} {value}"))
        };
        let costs = of("outrider_cost_usd_total{");
        (
            costs.lines().filter_map(target).collect::<Vec<_>>().join(", "),
            !of("outrider_unpriced_calls_total{").is_empty(),
        )
    }
}

async fn check(a: Act, stream: bool, stays: u64, expected: &str, unpriced: bool) {
    let world = priced(a, Answers(200, SSE, &[Send(HI), Send(THERE), Send(STOP), Send(COUNTED), Send(DONE)]));
    world.call_of("m", stream, Duration::from_secs(stays)).await;
    assert_eq!(world.spent(), (expected.to_owned(), unpriced));
}

#[tokio::test(start_paused = true)]
async fn a_call_costs_what_was_counted() {
    // 1,000 at a dollar for a million, and 100 at ten.
    check(Answers(200, JSON, &[Send(LONG)]), false, 99, "a/x 0.002", false).await;
    check(Answers(200, SSE, &[Send(HI), Send(STOP), Send(COUNTED), Send(DONE)]), true, 99, "a/x 0.002", false).await;
    check(Answers(200, JSON, &[Send(UNCOUNTED)]), false, 99, "", true).await;
    check(Answers(400, JSON, &[Send(ERROR)]), false, 99, "", false).await;
}

/// 48 bytes were asked, and two letters had come: 12 tokens and 1.
#[tokio::test(start_paused = true)]
async fn who_leaves_pays_for_what_had_come() {
    check(Answers(200, SSE, &[Send(HI), Wait(9)]), true, 1, "a/x 0.000021", false).await;
}

/// Both answers have to be paid.
#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_costs_too() {
    check(Answers(200, SSE, &[Send(HI), Cut]), true, 99, "a/x 0.000021, b/y 0.002", false).await;
}

const FLEX: &str = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"service_tier":"flex","usage":{"prompt_tokens":1000,"completion_tokens":100}}"#;
const USUAL: &str = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"service_tier":"default","usage":{"prompt_tokens":1000,"completion_tokens":100}}"#;
const FLEXIBLE: &str =
    "data: {\"choices\":[],\"service_tier\":\"flex\",\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100}}\n\n";

/// What was given counts; where nobody says that, what was asked for. Flex costs half here.
#[tokio::test(start_paused = true)]
async fn a_class_of_service_has_its_price() {
    let ask = r#"{"model":"m","service_tier":"flex","messages":[]}"#;
    let stream = r#"{"model":"m","service_tier":"flex","stream":true,"messages":[]}"#;
    let usual = r#"{"model":"m","messages":[]}"#;
    for (body, act, expected) in [
        (ask, Answers(200, JSON, &[Send(FLEX)]), "a/x 0.001"),
        (ask, Answers(200, JSON, &[Send(USUAL)]), "a/x 0.002"),
        (ask, Answers(200, JSON, &[Send(LONG)]), "a/x 0.001"),
        (usual, Answers(200, JSON, &[Send(FLEX)]), "a/x 0.001"),
        (usual, Answers(200, JSON, &[Send(LONG)]), "a/x 0.002"),
        (stream, Answers(200, SSE, &[Send(HI), Send(STOP), Send(FLEXIBLE), Send(DONE)]), "a/x 0.001"),
        (stream, Answers(200, SSE, &[Send(HI), Send(STOP), Send(COUNTED), Send(DONE)]), "a/x 0.001"),
    ] {
        let (input, output) = (Usd::parse("0.5"), Usd::parse("5"));
        let class = Class { input, output, ..Class::of(Service::Flex) };
        let (input, output) = (Usd::parse("1"), Usd::parse("10"));
        let price = Price { input, output, classes: vec![class], ..Price::default() };
        let facts = Arc::new(Facts { price: Some(price), ..Facts::default() });
        let world = World::new(act, GOOD).with_facts(facts);
        world.ask(body.into(), Duration::from_secs(99)).await;
        assert_eq!(world.spent(), (expected.to_owned(), false), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_price_nothing_is_said_to_cost_nothing() {
    let world = World::new(Answers(200, JSON, &[Send(LONG)]), GOOD);
    world.call("m", false).await;
    assert_eq!(world.spent(), (String::new(), true));
}
