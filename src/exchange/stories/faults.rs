//! What each fault means for the call and for the next one.

use super::*;

const LIMITED: Act = Answers(429, &[("retry-after", "2")], &[Send(r#"{"error":{"message":"slow down"}}"#)]);
const DOWN: Act = Answers(503, &[("retry-after", "2")], &[Send(ERROR)]);
const BOOM: Act = Answers(500, JSON, &[Send(ERROR)]);
const BROKE: Act = Answers(429, JSON, &[Send(r#"{"error":{"code":"insufficient_quota","message":"no money"}}"#)]);
const LONG: &str =
    r#"{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}"#;
const TOO_LONG: Act = Answers(400, JSON, &[Send(LONG)]);
const NO: &str = r#"{"error":{"message":"filtered","code":"content_filter"}}"#;
const FILTERED: Act = Answers(400, JSON, &[Send(NO)]);

/// `a` and `b` are equals, `c` is the fallback. `k` has two keys, `n` has none.
const CONFIG: &str = "
providers:
  a: {dialect: openai_chat, base_url: 'http://a/v1', health: off, api_key: '${KEY}', models: {x: {context: 8192}}}
  b: {dialect: openai_chat, base_url: 'http://b/v1', health: off, api_key: '${KEY}', models: {x: {context: 4096}}}
  c: {dialect: openai_chat, base_url: 'http://c/v1', health: off, api_key: '${KEY}', models: {x: {context: 99999}}}
  k: {dialect: openai_chat, base_url: 'http://k/v1', health: off, api_keys: ['${KEY}', '${KEY}2']}
  n: {dialect: openai_chat, base_url: 'http://n/v1', health: off, auth: none}
defaults: {timeouts: {first_token: 5s}}
models:
  chain: {targets: [a/x], fallbacks: [c/x]}
  equals: {targets: [a/x, {use: b/x, weight: 0}], fallbacks: [c/x]}
  small: {targets: [a/x], fallbacks: [b/x]}
  open: {targets: [a/x], fallbacks: [c/x], retry: {on: [content_filter]}}
  keys: {targets: [k/x], fallbacks: [c/x]}
  keyless: {targets: [n/x], fallbacks: [c/x]}
  alone: {targets: [a/x]}
";

fn world(acts: &[(&str, &[Act])]) -> World {
    World::of(CONFIG, acts)
}

#[tokio::test(start_paused = true)]
async fn a_hiccup_of_the_last_good_target_does_not_reach_the_fallback() {
    for hiccup in [BOOM, Fails(FaultKind::Reset), Answers(200, JSON, &[])] {
        let world = world(&[("a", &[hiccup, GOOD]), ("c", &[GOOD])]);
        let started = Instant::now();
        assert_eq!(world.call("chain", false).await.status, 200);
        assert_eq!(world.asked(), "a a");
        assert!(started.elapsed() <= Duration::from_millis(250), "{:?}", started.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_fits_is_waited_for_and_not_cut_short() {
    for limited in [LIMITED, DOWN] {
        let world = world(&[("a", &[limited, GOOD]), ("c", &[GOOD])]);
        let started = Instant::now();
        assert_eq!(world.call("chain", false).await.status, 200);
        assert_eq!(world.asked(), "a a");
        let waited = started.elapsed().as_millis();
        assert!((2_000..=2_250).contains(&waited), "{waited}");
    }
}

/// Nobody else asks it meanwhile either: not with another key where the pause is meant for all, nor without any key.
#[tokio::test(start_paused = true)]
async fn who_asked_to_be_left_alone_is_left_alone() {
    for (model, limited) in
        [("chain", LIMITED), ("chain", DOWN), ("keys", DOWN), ("keyless", LIMITED), ("keyless", DOWN)]
    {
        let world = world(&[("a", &[limited]), ("k", &[limited]), ("n", &[limited]), ("c", &[GOOD])]);
        let first = async { world.call(model, false).await.status };
        let others = async {
            sleep(Duration::from_millis(100)).await;
            for _ in 0..5 {
                assert_eq!(world.call(model, false).await.status, 200);
            }
            world.asked()
        };
        let (status, asked) = tokio::join!(first, others);
        assert_eq!(status, 200);
        assert!(asked.ends_with("c c c c c"), "{model}: {asked}");
        assert_eq!(asked.split(' ').filter(|who| *who != "c").count(), 1, "{model}: {asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn equals_are_asked_at_once() {
    for fault in [BOOM, LIMITED, DOWN, Fails(FaultKind::Reset)] {
        let world = world(&[("a", &[fault]), ("b", &[GOOD]), ("c", &[GOOD])]);
        let started = Instant::now();
        assert_eq!(world.call("equals", false).await.status, 200);
        assert_eq!((world.asked().as_str(), started.elapsed()), ("a b", Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_long_goes_to_a_larger_context_and_nobody_is_blamed() {
    let world = world(&[("a", &[TOO_LONG]), ("b", &[GOOD]), ("c", &[GOOD])]);
    for _ in 0..9 {
        let client = world.call("equals", false).await;
        assert_eq!(client.attempts(), "a/x;context_exceeded, c/x;ok");
    }
    assert!(world.0.registry.targets().iter().all(|target| target.breaker_state() == 0));
    assert!(!world.asked().contains('b'), "its context is smaller still");
    let client = world.call("small", false).await;
    assert_eq!((client.status, client.got.as_str()), (400, LONG), "the provider's own words");
}

#[tokio::test(start_paused = true)]
async fn a_filter_is_not_routed_around_unless_the_operator_says_so() {
    let world = world(&[("a", &[FILTERED]), ("c", &[GOOD])]);
    let client = world.call("chain", false).await;
    assert_eq!((client.status, client.got.as_str(), world.asked().as_str()), (400, NO, "a"));
    assert_eq!(world.call("open", false).await.attempts(), "a/x;content_filtered, c/x;ok");
}

/// Nor one whose no comes as an answer, in which there is none: only where the operator wants it.
#[tokio::test(start_paused = true)]
async fn a_filters_no_inside_a_200_is_an_answer_unless_the_operator_says_so() {
    const WHOLE_NO: &str = r#"{"choices":[{"index":0,"message":{"content":null},"finish_reason":"content_filter"}]}"#;
    const STREAMED_NO: &str =
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\n";
    let whole = (Answers(200, JSON, &[Send(WHOLE_NO)]), GOOD, WHOLE_NO.to_owned());
    let streamed = (
        Answers(200, SSE, &[Send(ROLE), Send(STREAMED_NO), Send(DONE)]),
        GOOD_STREAM,
        [ROLE, STREAMED_NO, DONE].concat(),
    );
    for (stream, (no, good, said)) in [(false, whole), (true, streamed)] {
        let world = world(&[("a", &[no]), ("c", &[good])]);
        let client = world.call("chain", stream).await;
        assert_eq!((client.status, client.got, world.asked().as_str()), (200, said, "a"));
        let client = world.call("open", stream).await;
        assert_eq!(client.attempts(), "a/x;content_filtered, c/x;ok", "{}", client.got);
        assert!(world.0.registry.targets().iter().all(|target| target.breaker_state() == 0), "nobody is blamed");
    }
    // What was shown cannot be taken back.
    let shown =
        world(&[("a", &[Answers(200, SSE, &[Send(HI), Wait(1), Send(STREAMED_NO), Send(DONE)])]), ("c", &[GOOD])]);
    assert_eq!(shown.call("open", true).await.got, [HI, STREAMED_NO, DONE].concat());
}

#[tokio::test(start_paused = true)]
async fn an_empty_account_rests_long() {
    let world = world(&[("k", &[BROKE, GOOD]), ("c", &[GOOD]), ("a", &[BROKE])]);
    for _ in 0..20 {
        assert_eq!(world.call("keys", false).await.status, 200);
    }
    assert!(!world.asked().contains('c'), "the other key serves: {}", world.asked());
    for minutes in 0..9 {
        assert_eq!(world.call("chain", false).await.status, 200, "after {minutes} minutes");
        sleep(Duration::from_secs(60)).await;
    }
    assert_eq!(world.asked().split(' ').filter(|who| *who == "a").count(), 1, "{}", world.asked());
}

/// Never all closed: what is known to fail is asked when nothing else is left, and that is told.
#[tokio::test(start_paused = true)]
async fn when_nothing_is_healthy_the_least_bad_is_asked_and_that_is_told() {
    let refusals = [Fails(FaultKind::Connect); 9];
    let acts: Vec<Act> = refusals.into_iter().chain([GOOD]).collect();
    let world = world(&[("a", &acts)]);
    let mut statuses = Vec::new();
    while statuses.len() < 20 {
        statuses.push(world.call("alone", false).await.status);
    }
    assert_eq!(*statuses.last().unwrap(), 200, "{statuses:?}");
    let metrics = world.0.telemetry.metrics.render([], [], [], []);
    assert!(metrics.contains(r#"outrider_panic_total{target="a/x"}"#), "{metrics}");
}

/// A fallback that is healthy is asked within the tries, whatever the others cost.
#[tokio::test(start_paused = true)]
async fn no_repeat_takes_the_last_try_from_a_fallback() {
    for fault in [BOOM, LIMITED, DOWN, BROKE, Fails(FaultKind::Reset), Hangs] {
        let world = world(&[("a", &[fault]), ("b", &[fault]), ("k", &[fault]), ("c", &[GOOD])]);
        for model in ["chain", "equals", "keys"] {
            assert_eq!(world.call(model, false).await.status, 200, "{model}: {}", world.asked());
        }
    }
}

/// An outage of the only target is not multiplied: the first tries go through, the repeats run out of budget.
#[tokio::test(start_paused = true)]
async fn an_outage_is_not_multiplied() {
    let world = World::new(BOOM, GOOD);
    for _ in 0..200 {
        assert_eq!(world.call("single", false).await.status, 500);
    }
    let asked = world.asked().split(' ').count();
    assert!((200..290).contains(&asked), "{asked} tries for 200 calls");
}

/// While one good target is there, no call is lost, and the bad one is soon left alone.
#[tokio::test(start_paused = true)]
async fn a_dead_target_costs_a_handful_of_tries() {
    let world = World::new(BOOM, GOOD);
    for _ in 0..500 {
        assert_eq!(world.call("m", false).await.status, 200);
    }
    let bad = world.asked().split(' ').filter(|asked| *asked == "a").count();
    assert!(bad <= 10, "the dead target was asked {bad} times");
}
