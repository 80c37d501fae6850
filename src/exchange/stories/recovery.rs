//! Streams that break off after the client has begun to read them.

use super::*;

const HO: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ho\"}}]}\n\n";
pub(super) const THERE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" there\"}}]}\n\n";
pub(super) const CALL: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\"\"}}]}}]}\n\n";
pub(super) const ARGUMENTS: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]}}]}\n\n";
pub(super) const CALLED: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n";
const BROKEN: &str = "data: {\"choices\":[{\"index\":0,\"del\n\n";

/// The ways in which a stream breaks off after `hi`.
const BREAKS: &[(&str, &[Step])] = &[
    ("cut", &[Send(ROLE), Send(HI), Cut]),
    ("no end", &[Send(ROLE), Send(HI)]),
    ("half an event", &[Send(ROLE), Send(HI), Send("data: {\"choi"), Cut]),
    ("silence", &[Send(ROLE), Send(HI), Wait(3000), Send(STOP)]),
    ("comments", &[Send(HI), Wait(9), Send(": on it\n\n"), Wait(9), Send(": on it\n\n"), Wait(9), Send(STOP)]),
    ("error event", &[Send(ROLE), Send(HI), Send(FAILED)]),
    ("garbage", &[Send(ROLE), Send(HI), Send(BROKEN), Send(BROKEN), Send(BROKEN), Send(STOP), Send(DONE)]),
];

/// What a client puts together, and how it ended.
pub(super) fn told(client: &Client) -> (String, bool) {
    let events = client.got.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    let mut text = String::new();
    for event in events.filter(|event| *event != "[DONE]") {
        let event: serde_json::Value = serde_json::from_str(event).unwrap_or_else(|_| panic!("{}", client.got));
        let delta = &event["choices"][0]["delta"];
        text.push_str(delta["content"].as_str().unwrap_or_default());
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            text.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
        }
    }
    (text, client.got.contains("\"finish_reason\":\"") && !client.got.contains("\"error\""))
}

#[tokio::test(start_paused = true)]
async fn case_148_the_rest_comes_from_elsewhere_where_the_answers_begin_alike() {
    const SECOND: &[Step] = &[Send(ROLE), Send(HI), Send(THERE), Send(STOP), Send(DONE)];
    for (name, steps) in BREAKS {
        let client = World::new(Answers(200, SSE, steps), Answers(200, SSE, SECOND)).call("m", true).await;
        assert_eq!(told(&client), ("hi there".into(), true), "{name}: {}", client.got);
        assert!(client.complete, "{name}");
        assert_eq!(client.got.matches("[DONE]").count(), 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn case_149_an_answer_that_begins_otherwise_is_not_joined() {
    const OTHER: &[Step] = &[Send(ROLE), Send(HO), Send(THERE), Send(STOP), Send(DONE)];
    for (name, steps) in BREAKS {
        let client = World::new(Answers(200, SSE, steps), Answers(200, SSE, OTHER)).call("m", true).await;
        assert_eq!(told(&client), ("hi".into(), false), "{name}: {}", client.got);
        assert!(client.got.contains("\"error\"") && !client.got.contains("[DONE]"), "{name}: {}", client.got);
    }
}

/// Nothing of a call has been shown, so it can be made anew.
#[tokio::test(start_paused = true)]
async fn half_a_call_is_shown_to_nobody() {
    const WHOLE_CALL: &[Step] = &[Send(ROLE), Send(HI), Send(CALL), Send(ARGUMENTS), Send(CALLED), Send(DONE)];
    let good = Answers(200, SSE, WHOLE_CALL);
    for steps in [
        &[Send(ROLE), Send(HI), Send(CALL), Cut][..],
        &[Send(ROLE), Send(HI), Send(CALL), Send(ARGUMENTS), Cut],
        &[Send(ROLE), Send(CALL), Cut],
        &[Send(CALL), Wait(3000)],
    ] {
        let world = World::new(Answers(200, SSE, steps), good);
        let client = world.call("m", true).await;
        assert_eq!(told(&client), ("hi{\"a\":1}".into(), true), "{}", client.got);
        assert_eq!(client.got.matches("\"c1\"").count(), 1);
    }
    let client = World::new(good, GOOD_STREAM).call("m", true).await;
    assert_eq!(client.got, [ROLE, HI, CALL, ARGUMENTS, CALLED, DONE].concat(), "byte for byte where nothing breaks");
}

#[tokio::test(start_paused = true)]
async fn what_lacked_only_its_end_is_ended() {
    for steps in [&[Send(HI), Send(STOP), Cut][..], &[Send(HI), Send(STOP), Wait(3000)]] {
        let world = World::new(Answers(200, SSE, steps), GOOD_STREAM);
        let client = world.call("m", true).await;
        assert_eq!(told(&client), ("hi".into(), true), "{}", client.got);
        assert_eq!(world.asked(), "a", "nobody else is asked for an answer that is there");
        assert!(client.complete);
    }
}

#[tokio::test(start_paused = true)]
async fn one_event_that_cannot_be_read_is_left_out() {
    let steps = &[Send(ROLE), Send(HI), Send(BROKEN), Send(THERE), Send(STOP), Send(DONE)];
    let client = World::new(Answers(200, SSE, steps), GOOD_STREAM).call("m", true).await;
    assert_eq!(client.got, [ROLE, HI, THERE, STOP, DONE].concat());
}

/// What is broken in the very bytes that bring the first words was shown to nobody.
#[tokio::test(start_paused = true)]
async fn words_and_an_error_at_once_go_elsewhere() {
    const BOTH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ho\"}}]}\n\ndata: {\"error\":{\"message\":\"boom\"}}\n\n";
    let client = World::new(Answers(200, SSE, &[Send(BOTH)]), GOOD_STREAM).call("m", true).await;
    assert_eq!(client.got, [ROLE, HI, STOP, DONE].concat());
}

/// A client that leaves in the middle is no broken stream, and nobody else is asked for it.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_breaks_nothing() {
    let world = World::new(Answers(200, SSE, &[Send(HI), Wait(5), Send(STOP)]), GOOD_STREAM);
    let client = world.call_of("m", true, Duration::from_secs(1)).await;
    assert_eq!((client.got.as_str(), world.asked().as_str()), (HI, "a"));
    let metrics = world.0.telemetry.metrics.render([], [], [], []);
    assert!(metrics.contains("outcome=\"client_gone\""), "{metrics}");
    for outcome in ["error", "recovered"] {
        let line = format!("outrider_broken_streams_total{{outcome=\"{outcome}\"}} 0\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
}

/// What a provider was to keep, and has begun under a name that the client knows, is not begun again; before anything
/// was shown it is.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_kept_is_not_made_anew() {
    const SECOND: &[Step] = &[Send(ROLE), Send(HI), Send(THERE), Send(STOP), Send(DONE)];
    let ask = async |first: &'static [Step], more: &str| {
        let world = World::new(Answers(200, SSE, first), Answers(200, SSE, SECOND));
        let body = format!(r#"{{"model":"m","stream":true,"messages":[]{more}}}"#);
        let client = world.ask(body.into(), Duration::MAX).await;
        (told(&client), world.asked().ends_with('b'))
    };
    for (more, goes_on) in [
        (r#","store":true"#, false),
        (r#","store":false"#, true),
        (r#","tools":[{"type":"web_search"}]"#, true),
        ("", true),
    ] {
        let (said, asked) = ask(&[Send(ROLE), Send(HI), Wait(1), Cut], more).await;
        let expected = if goes_on { ("hi there".to_owned(), true) } else { ("hi".to_owned(), false) };
        assert_eq!((said, asked), (expected, goes_on), "{more}");
        let (said, _) = ask(&[Send(ROLE), Wait(1), Cut], more).await;
        assert_eq!(said, ("hi there".to_owned(), true), "{more}: nothing was shown");
    }
}

/// What the target that goes on was not told is told by the log and the metrics: the client has its head already.
#[tokio::test(start_paused = true)]
async fn what_is_lost_on_the_way_to_the_second_target_is_told() {
    const CONFIG: &str = "
providers:
  a: {dialect: openai_chat, base_url: 'http://a/v1', health: off, api_key: '${KEY}'}
  d: {dialect: anthropic, base_url: 'http://d', health: off, api_key: '${KEY}'}
models: {m: {targets: [a/x], fallbacks: [d/y]}}
";
    const CLAUDE: &str = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[]}}\n\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"hi there\"}}\n\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
    let first = Answers(200, SSE, &[Send(ROLE), Send(HI), Wait(1), Cut]);
    let world = World::of(CONFIG, &[("a", &[first]), ("d", &[Answers(200, SSE, &[Send(CLAUDE)])])]);
    let body = r#"{"model":"m","stream":true,"seed":7,"messages":[{"role":"user","content":"hi"}]}"#;
    let client = world.ask(body.into(), Duration::MAX).await;
    assert_eq!(told(&client), ("hi there".into(), true), "{}", client.got);
    assert!(!client.headers.contains_key("x-outrider-lost"), "the first was told everything");
    let metrics = world.0.telemetry.metrics.render([], [], [], []);
    let lost = metrics.lines().find(|line| line.starts_with("outrider_lost_total{")).unwrap_or_default();
    assert!(lost.contains("\"seed\"") && lost.contains("\"d/y\""), "{metrics}");
}

/// What nobody has seen has cost its tokens all the same.
#[tokio::test(start_paused = true)]
async fn the_tokens_of_an_answer_that_was_not_shown_are_told() {
    const USED: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}\n\n";
    for end in [&[Send(ROLE), Send(USED), Send(FAILED)][..], &[Send(ROLE), Send(USED), Cut]] {
        let client = World::new(Answers(200, SSE, end), GOOD_STREAM).call("m", true).await;
        assert_eq!(client.got, [ROLE, HI, STOP, DONE].concat());
        let attempts = client.headers["x-outrider-attempts"].to_str().unwrap();
        assert!(attempts.split(", ").next().unwrap().ends_with(";tokens=7/5"), "{attempts}");
    }
}
