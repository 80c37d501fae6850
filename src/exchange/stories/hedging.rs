//! A second target, asked while the first is late.

use super::*;

const CONFIG: &str = "
providers:
  a: {dialect: openai_chat, base_url: 'http://a/v1', health: off, api_key: '${KEY}'}
  b: {dialect: openai_chat, base_url: 'http://b/v1', health: off, api_key: '${KEY}'}
models:
  m: {targets: [a/x], fallbacks: [b/y], hedge: {after: p95, at_most: 5%}, timeouts: {first_token: 20s}}
  fixed: {targets: [a/x], fallbacks: [b/y], hedge: {after: 1s, at_most: 5%}, timeouts: {first_token: 20s}}
  plain: {targets: [a/x], fallbacks: [b/y], timeouts: {first_token: 20s}}
";

const B: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"from b\"}}]}\n\n";
const FROM_B: Act = Answers(200, SSE, &[Send(B), Send(STOP), Send(DONE)]);
/// Begins after a quarter of a minute, where all others begin at once.
const LATE: Act = Answers(200, SSE, &[Wait(15), Send(HI), Send(STOP), Send(DONE)]);
const BROKEN: Act = Answers(500, JSON, &[Send(ERROR)]);

/// After 39 quick answers of `a`, its next acts.
async fn world(then: &[Act], b: Act) -> World {
    let acts: Vec<Act> = std::iter::repeat_n(GOOD_STREAM, 39).chain(then.iter().copied()).collect();
    let world = World::of(CONFIG, &[("a", &acts), ("b", &[b])]);
    for _ in 0..39 {
        assert_eq!(world.call("m", true).await.attempts(), "a/x;ok");
    }
    world
}

#[tokio::test(start_paused = true)]
async fn the_first_real_event_wins_and_the_loser_is_told() {
    let world = world(&[LATE], FROM_B).await;
    let started = Instant::now();
    let client = world.call("m", true).await;
    assert_eq!(client.attempts(), "a/x;overtaken, b/y;ok");
    assert!(client.got.contains("from b") && !client.got.contains("\"hi\""), "{}", client.got);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    let idle = world.0.registry.targets().iter().all(|target| target.in_flight() == 0);
    assert!(idle, "the loser's call is over");
}

#[tokio::test(start_paused = true)]
async fn a_second_that_is_later_or_fails_loses() {
    for b in [Answers(200, SSE, &[Wait(60), Send(B)]), BROKEN, Fails(FaultKind::Connect)] {
        let client = world(&[LATE], b).await.call("m", true).await;
        assert!(client.attempts().ends_with("a/x;ok"), "{}", client.attempts());
        assert_eq!(client.got, [HI, STOP, DONE].concat());
    }
}

#[tokio::test(start_paused = true)]
async fn at_most_the_given_share_of_calls_costs_twice() {
    let world = world(&[LATE], FROM_B).await;
    for _ in 0..61 {
        world.call("fixed", true).await;
    }
    let second = world.asked().split(' ').filter(|asked| *asked == "b").count();
    assert_eq!(second, 5, "of a hundred calls");
}

#[tokio::test(start_paused = true)]
async fn only_where_it_is_wanted_and_does_no_harm() {
    let plain = world(&[LATE], FROM_B).await;
    assert_eq!(plain.call("plain", true).await.attempts(), "a/x;ok", "not asked for");

    let world = world(&[LATE], FROM_B).await;
    for more in [r#","store":true"#, r#","tools":[{"type":"web_search"}]"#] {
        let body = format!(r#"{{"model":"m","stream":true,"messages":[]{more}}}"#);
        assert_eq!(world.ask(body.into(), Duration::MAX).await.attempts(), "a/x;ok", "{more}");
    }
}

/// An outage is no time for more calls.
#[tokio::test(start_paused = true)]
async fn never_while_a_target_is_not_well() {
    let world = world(&[LATE], FROM_B).await;
    let b = world.0.registry.targets().into_iter().find(|target| target.id().as_str() == "b/y").unwrap();
    let now = Instant::now().into_std();
    (0..5).for_each(|_| b.start(now).fault(now, &Fault::new(FaultKind::ServerError, "no")));
    assert_eq!(world.call("m", true).await.attempts(), "a/x;ok");
}
