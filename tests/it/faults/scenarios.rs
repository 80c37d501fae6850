//! The sixteen scenarios of Failover Bench (its methodology 0.1), in our own words and on a shorter clock: one client,
//! a primary that misbehaves, one fallback, up to two retries, a limit of thirty seconds. What that bench only advises
//! is asked for as well.

pub mod stage;

use std::time::Duration;

use stage::{Ask, Stage, at, failing, failing_once, of_good};

use super::RECOVERED;
use crate::support::dialects::errors::Trouble;
use crate::support::faults::{Verdict, scripts};
use crate::support::provider::{Answer, Behaviour, Step};
use crate::support::run_within;

/// Retries that hammer nobody.
const RETRIES: std::ops::RangeInclusive<usize> = 1..=3;

fn play(scene: impl Future<Output = ()>) {
    run_within(Duration::from_secs(90), scene);
}

/// A stream that broke off: made whole, or at the least ended as an error.
#[track_caller]
fn survived(ask: &Ask) {
    match &ask.verdict {
        Verdict::Whole => {}
        Verdict::Error(_) if !RECOVERED => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn s01_limited_and_told_when_to_come_back() {
    play(async {
        let stage =
            Stage::with(failing_once(|it| scripts::trouble(it, Trouble::RateLimited, &[("retry-after", "2")]))).await;
        assert_eq!(stage.ask().await.verdict, Verdict::Whole);
        let asked = stage.primary_asked();
        assert_eq!(asked.len(), 2, "it comes back");
        assert!(asked[1] - asked[0] >= Duration::from_millis(1800), "it waited as it was told to");
    });
}

#[test]
fn s02_limited_again_and_again() {
    play(async {
        let stage = Stage::with(failing(|it| scripts::trouble(it, Trouble::RateLimited, &[]))).await;
        assert_eq!(stage.ask().await.verdict, Verdict::Whole);
        assert!(RETRIES.contains(&stage.primary_asked().len()), "{:?}", stage.primary_asked());
    });
}

#[test]
fn s03_one_failure_and_then_good() {
    play(async {
        let stage = Stage::with(failing_once(|it| scripts::trouble(it, Trouble::ServerError, &[]))).await;
        assert_eq!(stage.ask().await.verdict, Verdict::Whole);
        assert_eq!(stage.primary_asked().len(), 2, "the same provider gets a second try");
    });
}

#[test]
fn s04_overloaded_for_long() {
    play(async {
        let stage = Stage::with(failing(|it| scripts::trouble(it, Trouble::Overloaded, &[]))).await;
        assert_eq!(stage.ask().await.verdict, Verdict::Whole);
        assert!(RETRIES.contains(&stage.primary_asked().len()), "{:?}", stage.primary_asked());
    });
}

#[test]
fn s05_reset_before_the_headers() {
    play(async {
        let stage = Stage::with(failing_once(|_| vec![Step::Reset])).await;
        assert_eq!(stage.ask().await.verdict, Verdict::Whole);
    });
}

#[test]
fn s06_no_response_at_all() {
    play(async {
        let stage = Stage::with(failing(|_| vec![Step::Silence])).await;
        let ask = stage.ask().await;
        assert_eq!(ask.verdict, Verdict::Whole);
        assert!(ask.took < at(100.), "took {:?}", ask.took);
        assert_eq!(stage.primary_asked().len(), 1, "who is silent is not asked again");
    });
}

#[test]
fn s07_a_slow_first_token() {
    play(async {
        let slow = |it: &crate::support::faults::Stage| {
            let mut script = it.play();
            script.insert(1, Step::Pause(at(20.)));
            script
        };
        let ask = Stage::with(failing(slow)).await.ask().await;
        assert_eq!(ask.verdict, Verdict::Whole, "slow, but within its limit");
        let ask = Stage::limited(failing(slow), "first_token", at(10.)).await.ask().await;
        assert_eq!(ask.verdict, Verdict::Whole);
        assert!(ask.took < at(15.), "somebody faster answers: {:?}", ask.took);
    });
}

#[test]
fn s08_a_stream_is_cut() {
    play(async {
        let stage = Stage::with(failing(|it| scripts::half(it, [Step::Close]))).await;
        survived(&stage.ask().await);
    });
}

#[test]
fn s09_a_stream_stalls() {
    play(async {
        let stage = Stage::with(failing(|it| scripts::half(it, [Step::Pause(at(30.)), Step::Close]))).await;
        let ask = stage.ask().await;
        survived(&ask);
        assert!(ask.took < at(45.), "took {:?}", ask.took);
        stage.is_alive().await;
    });
}

#[test]
fn s10_an_event_that_is_none() {
    play(async {
        let stage = Stage::with(failing(scripts::malformed_event)).await;
        survived(&stage.ask().await);
        stage.is_alive().await;
    });
}

#[test]
fn s11_the_last_word_is_missing() {
    play(async {
        let stage = Stage::with(failing(scripts::no_terminator)).await;
        let ask = stage.ask().await;
        assert_eq!(ask.verdict, Verdict::Whole);
        assert_eq!((stage.primary_asked().len(), stage.fallback.calls().len()), (1, 0), "nothing was missing");
        assert!(ask.took < at(8.) && ask.usage.is_some(), "{ask:?}");
    });
}

#[test]
fn s12_too_long_for_the_context() {
    play(async {
        let stage = Stage::with(failing(|it| scripts::trouble(it, Trouble::ContextTooLong, &[]))).await;
        assert_eq!(stage.ask().await.verdict, Verdict::Whole, "the fallback takes longer ones");
        assert_eq!(stage.primary_asked().len(), 1, "it would say so again");
    });
}

#[test]
fn s13_filtered() {
    play(async {
        let stage = Stage::with(failing(|it| scripts::trouble(it, Trouble::Filtered, &[]))).await;
        let ask = stage.ask().await;
        assert!(matches!(&ask.verdict, Verdict::Error(why) if why.contains("content management policy")), "{ask:?}");
        assert_eq!((stage.primary_asked().len(), stage.fallback.calls().len()), (1, 0));
    });
}

#[test]
fn s14_the_fallback_refuses_to_go_on() {
    play(async {
        let stage = Stage::with(failing(|it| scripts::half(it, [Step::Close]))).await;
        stage.fallback.set(Behaviour::new(|seen| {
            let request = seen.json();
            let last = request["messages"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
            let refusal =
                serde_json::json!({"error": {"message": "prefill is not supported", "type": "invalid_request_error"}});
            match last["role"].as_str() {
                Some("assistant") => Behaviour::answer(Answer::json(400, &refusal)).react(seen),
                _ => of_good(seen),
            }
        }));
        let ask = stage.ask().await;
        survived(&ask);
        assert!(!format!("{:?}", ask.verdict).contains("prefill"), "{ask:?}");
    });
}

#[test]
fn s15_down_for_a_while() {
    play(async {
        let outage = Duration::from_secs(6);
        let began = tokio::time::Instant::now();
        let stage = Stage::with(failing(move |it| match began.elapsed() < outage {
            true => scripts::trouble(it, Trouble::Overloaded, &[]),
            false => it.play(),
        }))
        .await;
        let mut calls = 0;
        while began.elapsed() < outage {
            assert_eq!(stage.ask().await.verdict, Verdict::Whole);
            calls += 1;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let asked = stage.primary_asked().len();
        assert!(asked <= calls.max(8), "{asked} tries at who is down, for {calls} calls");
        while stage.ask().await.target != "primary/the-model" {
            assert!(began.elapsed() < outage + Duration::from_secs(30), "it never comes back");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    });
}

#[test]
fn s16_who_answered_is_told_and_paid() {
    play(async {
        let stage = Stage::with(failing(|it| scripts::trouble(it, Trouble::Overloaded, &[]))).await;
        let ask = stage.ask().await;
        assert_eq!((&ask.verdict, ask.model.as_str(), ask.usage), (&Verdict::Whole, "the-model", Some(40)));
        assert_eq!(ask.target, "fallback/the-model");
        assert!(RETRIES.contains(&stage.primary_asked().len()));
        let log = stage.proxy.calls_logged(1).await;
        assert_eq!(log.len(), 1, "one call, one record");
        assert!(log[0].to_string().contains("fallback/the-model"), "{}", log[0]);
    });
}
