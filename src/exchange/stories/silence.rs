//! What a streaming client is sent while nobody says anything.

use super::recovery::{ARGUMENTS, CALL, CALLED, THERE, told};
use super::*;

const CONFIG: &str = "
providers:
  a: {dialect: openai_chat, base_url: 'http://a/v1', health: off, api_key: '${KEY}'}
  b: {dialect: openai_chat, base_url: 'http://b/v1', health: off, api_key: '${KEY}'}
defaults: {timeouts: {first_token: 60s, idle: 60s, total: 300s}}
models:
  m: {targets: [a/x], fallbacks: [b/y], retry: {patience: 40s}}
  alone: {targets: [a/x], retry: {tries: 1}}
  off: {targets: [a/x], keep_alive: off}
  often: {targets: [a/x], keep_alive: 4s}
";

/// What OpenAI's clients pass over.
const SIGN: &str = ": keep-alive\n\n";
const ANSWER: [&str; 4] = [ROLE, HI, STOP, DONE];
const BOOM: Act = Answers(500, JSON, &[Send(ERROR)]);

async fn call(model: &str, a: Act, b: Act) -> Client {
    World::of(CONFIG, &[("a", &[a]), ("b", &[b])]).call(model, true).await
}

fn late(steps: &'static [Step]) -> Act {
    Answers(200, SSE, steps)
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_first_token_hears_of_us() {
    let late = late(&[Send(ROLE), Wait(40), Send(HI), Send(STOP), Send(DONE)]);
    for (model, signs) in [("m", 2), ("often", 9), ("off", 0)] {
        let client = call(model, late, BOOM).await;
        assert_eq!(client.got, SIGN.repeat(signs) + &ANSWER.concat(), "{model}");
        assert_eq!((client.status, client.complete), (200, true));
        assert_eq!(client.headers.contains_key("x-outrider-target"), signs == 0, "nobody knew when the head went out");
        assert_eq!(client.headers["content-type"], "text/event-stream");
        assert!(client.headers.contains_key("x-request-id"));
        let whole = World::of(CONFIG, &[("a", &[Answers(200, JSON, &[Wait(40), Send(WHOLE)])])]);
        assert_eq!(whole.call(model, false).await.got, WHOLE, "there is no place for it in a document");
    }
}

/// A sign is due after a silence, not every so often.
#[tokio::test(start_paused = true)]
async fn who_is_spoken_to_hears_no_more_of_us() {
    let slow = late(&[Send(HI), Wait(10), Send(THERE), Wait(10), Send(THERE), Wait(20), Send(STOP), Send(DONE)]);
    assert_eq!(call("m", slow, BOOM).await.got, [HI, THERE, THERE, SIGN, STOP, DONE].concat());
    let ended = late(&[Send(HI), Send(STOP), Wait(50), Send(DONE)]);
    assert_eq!(call("m", ended, BOOM).await.got, [HI, STOP, DONE].concat(), "nothing but the end is to come");
}

/// The head has gone out by then: it is an error in the stream, and no clean end.
#[tokio::test(start_paused = true)]
async fn a_failure_behind_a_sign_is_told_in_the_stream() {
    for act in [
        Hangs,
        late(&[Wait(20), Cut]),
        late(&[Wait(20), Send(FAILED)]),
        Answers(200, JSON, &[Wait(20), Send(ERROR)]),
        Answers(200, &[("content-type", "text/event-stream"), ("content-encoding", "gzip")], &[Wait(20), Send(HI)]),
    ] {
        let world = World::of(CONFIG, &[("a", &[act])]);
        let client = world.call("alone", true).await;
        assert!(client.got.starts_with(SIGN) && client.complete && client.status == 200, "{act:?}: {}", client.got);
        assert!(client.got.contains("\"error\"") && !client.got.contains("[DONE]"), "{act:?}: {}", client.got);
        assert_eq!(client.got.matches("\"error\"").count(), 1, "{act:?}: {}", client.got);
        let metrics = world.0.telemetry.metrics.render([], [], [], []);
        assert!(!metrics.contains("outcome=\"success\""), "{metrics}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_by_a_sign() {
    for act in [
        late(&[Wait(20), Cut]),
        Answers(429, &[("retry-after", "30")], &[Send(ERROR)]),
        late(&[Send(ROLE), Wait(20), Send(FAILED)]),
    ] {
        let client = call("m", act, GOOD_STREAM).await;
        assert!(client.got.replace(SIGN, "") == ANSWER.concat() && client.got.starts_with(SIGN), "{}", client.got);
    }
    // A document where a stream was asked for has to become one now.
    let document = call("m", Answers(200, JSON, &[Wait(20), Send(WHOLE)]), BOOM).await;
    assert_eq!(told(&document), ("hi".into(), true), "{}", document.got);
    assert!(document.got.starts_with(SIGN) && document.got.ends_with(DONE), "{}", document.got);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_call_or_for_the_rest_hears_of_us() {
    let calling = late(&[Send(ROLE), Send(HI), Send(CALL), Wait(20), Send(ARGUMENTS), Send(CALLED), Send(DONE)]);
    let expected = [ROLE, HI, SIGN, CALL, ARGUMENTS, CALLED, DONE].concat();
    assert_eq!(call("m", calling, BOOM).await.got, expected, "and the call is still in one piece");

    let rest = late(&[Wait(20), Send(ROLE), Send(HI), Send(THERE), Send(STOP), Send(DONE)]);
    let client = call("m", late(&[Send(ROLE), Send(HI), Wait(1), Cut]), rest).await;
    assert!(client.got.starts_with(&[ROLE, HI, SIGN].concat()), "{}", client.got);
    assert_eq!(told(&client), ("hi there".into(), true), "{}", client.got);
}

#[tokio::test(start_paused = true)]
async fn who_has_left_is_not_waited_for() {
    let world = World::of(CONFIG, &[("a", &[Hangs])]);
    let started = Instant::now();
    let client = world.call_of("m", true, Duration::from_secs(20)).await;
    assert_eq!((client.got.as_str(), world.asked().as_str()), (SIGN, "a"));
    assert_eq!(started.elapsed().as_secs(), 20);
}

/// In the line before the process, where its body is not read yet, and in that before a target.
#[tokio::test(start_paused = true)]
async fn who_leaves_the_line_is_not_served() {
    const LINES: &str = "
providers: {a: {dialect: openai_chat, base_url: 'http://a/v1', health: off, api_key: '${KEY}'}}
models: {m: {targets: [LIMITED]}}
queue: {wait: 50s}
";
    for (target, process) in [("a/x", "max_in_flight: 1"), ("{use: a/x, max_in_flight: 1}", "")] {
        let config = LINES.replace("LIMITED", target) + process;
        let world = World::of(&config, &[("a", &[Answers(200, SSE, &[Wait(20), Send(HI), Send(STOP), Send(DONE)])])]);
        let first = async { world.call("m", true).await.got.contains("hi") };
        let second = async {
            sleep(Duration::from_secs(1)).await;
            let came = Instant::now();
            world.call_of("m", true, Duration::from_secs(3)).await;
            (came.elapsed().as_secs(), world.asked())
        };
        let third = async {
            sleep(Duration::from_secs(2)).await;
            world.call("m", true).await.got.contains("hi")
        };
        let (first, second, third) = tokio::join!(first, second, third);
        assert_eq!((first, second, third), (true, (3, "a".to_owned()), true), "{config}");
        assert_eq!(world.asked(), "a a", "the one that left was not served");
    }
}
