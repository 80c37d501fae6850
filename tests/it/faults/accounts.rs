//! What a call with a failed try tells afterwards: one record, each try with its end, and whose tokens they were.

use serde_json::json;

use super::scenarios::stage::{Stage, failing};
use crate::support::faults::{FAULTS, Moment, Verdict, scripts};
use crate::support::provider::Step;
use crate::support::run_within;

use std::time::Duration;

#[test]
fn each_try_is_told_once_and_the_answers_tokens_are_its_own() {
    run_within(Duration::from_secs(120), async {
        for fault in FAULTS.iter().filter(|fault| fault.moment != Moment::Told && fault.fits("openai_chat")) {
            let stage = Stage::with(failing(|it| (fault.script)(it))).await;
            let ask = stage.ask().await;
            assert_eq!(ask.verdict, Verdict::Whole, "{}", fault.name);
            let log = stage.proxy.calls_logged(1).await;
            assert_eq!(log.len(), 1, "{}: one call, one record", fault.name);
            let tries = log[0]["attempts"].as_array().cloned().unwrap_or_default();
            let asked = stage.primary_asked().len() + stage.fallback.calls().len();
            assert_eq!(tries.len(), asked, "{}: {}", fault.name, log[0]);
            let ends: Vec<_> = tries.iter().map(|it| it["outcome"].as_str().unwrap_or_default()).collect();
            let (last, failed) = ends.split_last().expect("a try");
            assert!(*last == "ok" && failed.iter().all(|end| *end != "ok"), "{}: {ends:?}", fault.name);
            assert_eq!(log[0]["outcome"], "success", "{}", fault.name);
            if fault.name != "wrong accounting" {
                assert_eq!((ask.usage, &log[0]["tokens"]["output"]), (Some(40), &json!(40)), "{}", fault.name);
            }
        }
    });
}

/// The client is told who began; the log and the metrics, who went on.
#[test]
fn a_stream_of_two_tells_both() {
    run_within(Duration::from_secs(60), async {
        let stage = Stage::with(failing(|it| scripts::half(it, [Step::Close]))).await;
        assert_eq!(stage.ask().await.verdict, Verdict::Whole);
        let log = &stage.proxy.calls_logged(1).await[0];
        let tries = log["attempts"].as_array().expect("a list");
        let told = |index: usize| (&tries[index]["target"], &tries[index]["outcome"]);
        assert_eq!(told(0), (&json!("primary/the-model"), &json!("truncated")), "{log}");
        assert_eq!(told(tries.len() - 1), (&json!("fallback/the-model"), &json!("ok")), "{log}");
        assert_eq!((&log["recovered"], &log["target"]), (&json!(true), &json!("fallback/the-model")), "{log}");
        stage.proxy.metric_becomes("outrider_broken_streams_total", &[], 1.0).await;
    });
}
