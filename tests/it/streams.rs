//! A stream is whole, or it ends as an error: wherever it breaks, the client never sees a clean end of half an answer.

use crate::support::client::{Call, Reply};
use crate::support::provider::{Answer, Behaviour, Provider, Step, sse};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

use serde_json::{Value, json};

/// More bytes than the framed body of `Behaviour::stream(3)` has.
const LONGER_THAN_THE_STREAM: usize = 1400;

/// One target and one try, and every cut at a model name of its own, so that no breaker learns from the cuts before.
async fn single(behaviour: Behaviour) -> (Provider, Proxy) {
    let provider = Provider::behaving(behaviour).await;
    let config = Config::default().provider("p", &provider).model("m", "{targets: [p/m]}");
    let config = config.top("defaults: {retry: {tries: 1}, timeouts: {idle: 300ms}}");
    let proxy = Proxy::start(&config).await;
    (provider, proxy)
}

/// Either the whole answer, or visibly a failure.
fn assert_whole_or_failed(reply: &Reply, place: &str) -> bool {
    let finished = reply.text().contains(r#""finish_reason":"stop""#);
    let failed = reply.status >= 500 || reply.events().iter().any(|event| event.starts_with(r#"{"error":"#));
    assert!(finished || failed, "{place}: half an answer ended well: {}", reply.text());
    if reply.status == 200 {
        for event in reply.events().iter().filter(|event| *event != "[DONE]") {
            assert!(serde_json::from_str::<Value>(event).is_ok(), "{place}: a torn event: {event}");
        }
        assert!(!(failed && reply.text().contains("[DONE]")), "{place}: an error and a good end: {}", reply.text());
    } else {
        reply.error_message();
    }
    failed
}

/// Cuts `stream` at every `step`th byte.
async fn check_cuts(stream: Behaviour, step: usize) {
    let (provider, proxy) = single(stream.clone()).await;
    let mut failures = 0;
    for bytes in (0..LONGER_THAN_THE_STREAM).step_by(step) {
        provider.set(stream.clone().cut_after(bytes));
        let reply = proxy.send(Call::stream(&format!("p/cut-{bytes:04}"))).await;
        failures += usize::from(assert_whole_or_failed(&reply, &format!("cut after {bytes} bytes")));
    }
    assert!(failures > 10, "only {failures} cuts were told");
}

#[test]
fn a_cut_anywhere_in_a_chunked_stream_is_told() {
    run(check_cuts(Behaviour::stream(3), 11));
}

#[test]
fn a_cut_anywhere_in_an_unframed_stream_is_told() {
    run(check_cuts(Behaviour::unframed_stream(3), 11));
}

#[test]
fn a_break_at_every_event_is_told() {
    run(async {
        let (provider, proxy) = single(Behaviour::ok()).await;
        for then in [Step::Close, Step::Reset, Step::Write("zz\r\n".into()), Step::Silence] {
            // Role, three words: what follows them is the end of the answer.
            for pieces in 2..=4 {
                provider.set(Behaviour::stream(3).after_pieces(pieces, then.clone()));
                let reply =
                    proxy.send(Call::stream(&format!("p/{then:?}-{pieces}").replace(['"', '\\', ' '], ""))).await;
                assert_eq!(reply.status, 200);
                assert!(reply.text().contains(&format!("word{}", pieces - 1)), "what came is shown: {}", reply.text());
                assert!(assert_whole_or_failed(&reply, &format!("{then:?} after {pieces} pieces")));
            }
        }
    });
}

#[test]
fn an_error_in_the_middle_reaches_the_client() {
    run(async {
        let word = sse(json!({"choices": [{"index": 0, "delta": {"content": "word1"}, "finish_reason": null}]}));
        let error = sse(json!({"error": {"message": "the model has fallen over", "type": "server_error"}}));
        let (_provider, proxy) = single(Behaviour::answer(Answer::events(vec![word, error]))).await;
        let reply = proxy.send(Call::stream("p/m")).await;
        assert!(assert_whole_or_failed(&reply, "an error in the middle"));
        assert!(reply.text().contains("word1") && reply.text().contains("fallen over"), "{}", reply.text());
        assert_ne!(proxy.calls_logged(1).await[0]["outcome"], "success");
    });
}

#[test]
fn a_stream_arrives_byte_for_byte_however_it_was_split() {
    run(async {
        let (provider, proxy) = single(Behaviour::stream(3)).await;
        let whole = proxy.send(Call::stream("p/m")).await.text();
        assert!(whole.ends_with("data: [DONE]\n\n") && whole.contains("word3"), "{whole}");
        for size in [1, 2, 3, 7, 64, 500] {
            provider.set(Behaviour::stream(3).in_writes_of(size));
            let reply = proxy.send(Call::stream("p/m")).await;
            assert_eq!((reply.text(), reply.complete), (whole.clone(), true), "writes of {size}");
        }
    });
}

#[test]
fn case_152_every_word_arrives_when_it_is_said() {
    run(async {
        let (provider, proxy) = single(Behaviour::stream(3).gated_after(2)).await;
        let mut stream = proxy.open(Call::stream("m")).await;
        assert_eq!(stream.headers["content-type"], "text/event-stream; charset=utf-8");
        let read = stream.read_until("word1").await;
        assert!(!read.contains("word2"), "the provider has not said it yet: {read}");
        provider.release();
        assert!(stream.rest().await.text().ends_with("data: [DONE]\n\n"));
    });
}

#[test]
fn a_stream_without_done_but_finished_is_whole() {
    run(async {
        // Role, three words, the finish, the usage: `[DONE]` would be the seventh.
        let provider_ends = Behaviour::unframed_stream(3).after_pieces(6, Step::Close);
        let (_provider, proxy) = single(provider_ends).await;
        let reply = proxy.send(Call::stream("p/m")).await;
        assert!(reply.complete && !reply.text().contains("error"), "{}", reply.text());
        assert_eq!(proxy.calls_logged(1).await[0]["outcome"], "success");
    });
}

#[test]
fn json_where_a_stream_was_asked_is_passed_on() {
    run(async {
        let completion = json!({"object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "whole"}}]});
        let (_provider, proxy) = single(Behaviour::answer(Answer::json(200, &completion))).await;
        let reply = proxy.send(Call::stream("p/m")).await;
        assert_eq!((reply.status, reply.json()), (200, completion));
    });
}
