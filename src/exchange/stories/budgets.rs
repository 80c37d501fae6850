//! Budgets and limits, with thousands of calls at once and hours that pass in no time.

use tokio::task::JoinSet;

use super::*;
use crate::catalogue::{Facts, Price};
use crate::ledger::account::Standing;
use crate::money::Usd;

/// A second after it was asked for: ten tokens of the prompt and a hundred of the answer.
const SHORT: &[Step] = &[
    Wait(1),
    Send(
        r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":100}}"#,
    ),
];
/// The same with twenty thousand.
const LONG: &[Step] = &[
    Wait(1),
    Send(
        r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":20000}}"#,
    ),
];
const ONE: &str = "
providers: {a: {dialect: openai_chat, base_url: 'http://a/v1', health: off, api_key: '${KEY}'}}
models: {m: {targets: [a/x], timeouts: {total: 200s}}}
";

fn usd(text: &str) -> Usd {
    Usd::parse(text).unwrap()
}

/// Prompts cost a dollar, answers ten, for a million tokens; a dollar may be spent a day.
fn world(answer: &'static [Step]) -> World {
    let price = Price { input: Usd::parse("1"), output: Usd::parse("10"), ..Price::default() };
    let facts = Arc::new(Facts { price: Some(price), ..Facts::default() });
    World::of(&format!("{ONE}budgets: {{all: {{limit: 1 USD}}}}"), &[("a", &[Answers(200, JSON, answer)])])
        .with_facts(facts)
}

/// Ten thousand of them at once: how many were served, how the budget stands, and what was held for one.
async fn crowd(world: World, body: &'static str) -> (usize, Standing) {
    let world = Arc::new(world);
    let mut calls = JoinSet::new();
    for _ in 0..10_000 {
        let world = world.clone();
        calls.spawn(async move { world.ask(body.into(), Duration::from_secs(99)).await.status });
    }
    let statuses = calls.join_all().await;
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 402)),
        "each is answered, or refused for want of money"
    );
    let snapshot = world.0.snapshot.load();
    let rule = snapshot.rules.iter().next().unwrap();
    (statuses.iter().filter(|status| **status == 200).count(), rule.account.standing(&rule.caps))
}

/// Where calls say how long their answers may be, nothing is spent beyond the limit.
#[tokio::test(start_paused = true)]
async fn ten_thousand_at_once_do_not_overspend() {
    let body = r#"{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"how are you?"}]}"#;
    let (served, standing) = crowd(world(SHORT), body).await;
    assert_eq!(standing.spent.usd, Usd::from_nanos(1_010_000 * served as i64), "each is paid");
    assert!(standing.spent.usd <= usd("1") && served > 950, "{served} for {}", standing.spent.usd);
    assert_eq!((standing.held.usd, standing.refused as usize), (Usd::ZERO, 10_000 - served));
}

/// Where they do not, by no more than what those that were let in cost beyond what was held for them.
#[tokio::test(start_paused = true)]
async fn who_says_nothing_of_its_length_overspends_by_what_was_not_held() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"how are you?"}]}"#;
    let (served, standing) = crowd(world(LONG), body).await;
    // Of 20,000 tokens 8,192 were held: a dollar's worth of that is twelve calls.
    assert_eq!((served, standing.spent.usd), (12, Usd::from_nanos(12 * 200_010_000)));
    let beyond = 12 * (20_000 - 8_192) * 10_000;
    assert!(standing.spent.usd <= usd("1") + Usd::from_nanos(beyond));
}

/// Two may begin in a minute; the third waits for it to be over, whether it is limited as a call or as a try.
#[tokio::test(start_paused = true)]
async fn who_may_wait_is_served_when_there_is_room() {
    for scope in ["{model: m}", "{provider: a}"] {
        let config = format!("{ONE}limits: [{{for: {scope}, requests: 2, per: minute, then: wait}}]");
        let world = World::of(&config, &[("a", &[GOOD])]);
        let start = Instant::now();
        for expected in [0..1, 0..1, 55..62] {
            assert_eq!(world.call("m", false).await.status, 200, "{scope}");
            assert!(expected.contains(&start.elapsed().as_secs()), "{scope}: {:?}", start.elapsed());
        }
    }
}
