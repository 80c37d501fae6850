mod recovery;

use super::*;
use crate::canonical::FaultKind::*;

const SECOND: Duration = Duration::from_secs(1);

fn target() -> (Arc<TargetHealth>, Instant) {
    (Arc::new(TargetHealth::new("openai/gpt-5".into())), Instant::now())
}

fn fail(target: &Arc<TargetHealth>, now: Instant, kind: FaultKind) {
    target.start(now).fault(now, &Fault::new(kind, "no"));
}

/// A target whose breaker has opened and whose rest is over.
fn on_trial() -> (Arc<TargetHealth>, Instant) {
    let (target, now) = target();
    (0..5).for_each(|_| fail(&target, now, ServerError));
    assert!(matches!(target.standing(now), Standing::Open { until } if until > now));
    assert!(matches!(target.standing(now + SECOND), Standing::Trial { .. }));
    (target, now + SECOND)
}

fn state(target: &TargetHealth) -> &'static str {
    ["closed", "trial", "open"][usize::from(target.breaker_state())]
}

#[test]
fn only_the_targets_own_faults_count() {
    for (kind, expected) in [
        (Connect, "open"),
        (FirstTokenTimeout, "open"),
        (ServerError, "open"),
        (Overloaded, "open"),
        (ModelMissing, "open"),
        (Empty, "open"),
        (RateLimited, "closed"),
        (KeyRefused, "closed"),
        (Rejected, "closed"),
        (ClientGone, "closed"),
        (TotalTimeout, "closed"),
        (Internal, "closed"),
    ] {
        let (target, now) = target();
        (0..50).for_each(|_| fail(&target, now, kind));
        assert_eq!(state(&target), expected, "{kind}");
    }
}

#[test]
fn how_a_trial_ends() {
    for (kind, status, expected) in [
        (ServerError, Some(500), "open"),
        (Rejected, Some(400), "closed"),
        (RateLimited, Some(429), "closed"),
        (KeyRefused, Some(401), "closed"),
        (ClientGone, None, "trial again"),
        (TotalTimeout, None, "trial again"),
    ] {
        let (target, now) = on_trial();
        let fault = Fault { status, ..Fault::new(kind, "no") };
        target.start(now).fault(now, &fault);
        let state = if matches!(target.standing(now), Standing::Trial { .. }) { "trial again" } else { state(&target) };
        assert_eq!(state, expected, "{kind}");
    }
}

#[test]
fn one_trial_at_a_time_and_permits_come_back() {
    let (target, now) = on_trial();
    for _ in 0..3 {
        let trial = target.start(now);
        assert_eq!(state(&target), "trial");
        let forced: Vec<InFlight> = (0..9).map(|_| target.start(now)).collect();
        assert_eq!(target.in_flight(), 10);
        drop(forced);
        assert_eq!(state(&target), "trial", "forced calls have no permit to give back");
        drop(trial);
        assert!(matches!(target.standing(now), Standing::Trial { .. }));
        assert_eq!(target.in_flight(), 0);
    }
    target.start(now).answered(now, SECOND);
    assert_eq!(target.standing(now), Standing::Healthy);
}

#[test]
fn a_call_is_in_flight_until_its_answer_has_ended() {
    let (target, now) = target();
    let mut call = target.start(now);
    call.answered(now, SECOND);
    assert_eq!(target.in_flight(), 1);
    drop(call);
    assert_eq!(target.in_flight(), 0);
}

#[test]
fn streams_that_always_break_open_it() {
    let (target, now) = target();
    for _ in 0..5 {
        let mut call = target.start(now);
        call.answered(now, SECOND);
        call.broke(now, &Fault::new(Truncated, "no"));
    }
    assert_eq!(state(&target), "open");
}

#[test]
fn the_report_tells_it_all() {
    let (target, now) = target();
    let mut call = target.start(now);
    call.answered(now, Duration::from_millis(250));
    for (kind, status) in [(ServerError, 502), (Rejected, 400)] {
        let fault = Fault { status: Some(status), ..Fault::new(kind, "bad gateway".repeat(99)) };
        target.start(now).fault(now, &fault);
    }
    let report = serde_json::to_value(target.report(now + 3 * SECOND)).unwrap();
    let expected = serde_json::json!({
        "health": "healthy", "breaker": "closed", "rests_for_ms": null,
        "paused_for_ms": null, "in_flight": 1,
        "consecutive_faults": 1, "success_share": 0.5,
        "first_token_ms": {"recent": 250, "p50": 250, "p75": 250, "p90": 250, "p95": 250, "p99": 250},
        "whole_reply_ms": null,
        "last_fault": {
            "kind": "server_error", "status": 502, "seconds_ago": 3,
            "message": &"bad gateway".repeat(99)[..MESSAGE_CHARS],
        },
    });
    assert_eq!(report, expected);
}
