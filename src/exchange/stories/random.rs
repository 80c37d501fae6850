//! Any faults in any order: what holds for every call, whatever happens to it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const TARGETS: [&str; 3] = ["a", "b", "c"];

/// Faults after which the call goes on.
const PASSING: [Act; 12] = [
    Fails(FaultKind::Connect),
    Fails(FaultKind::Reset),
    Fails(FaultKind::Tls),
    Hangs,
    Answers(429, JSON, &[Send(ERROR)]),
    Answers(429, &[("retry-after", "1")], &[Send(ERROR)]),
    Answers(429, JSON, &[Send(r#"{"error":{"code":"insufficient_quota"}}"#)]),
    Answers(500, JSON, &[Send(ERROR)]),
    Answers(503, &[("retry-after", "1")], &[Send(ERROR)]),
    Answers(401, JSON, &[Send(ERROR)]),
    Answers(404, JSON, &[Send(r#"{"error":{"message":"no such model"}}"#)]),
    Answers(400, JSON, &[Send(r#"{"error":{"code":"context_length_exceeded"}}"#)]),
];

/// Refusals that are the client's own.
const FINAL: [Act; 2] = [
    Answers(400, JSON, &[Send(r#"{"error":{"message":"wrong"}}"#)]),
    Answers(400, JSON, &[Send(r#"{"error":{"code":"content_filter"}}"#)]),
];

/// What may happen to a stream.
const STREAMS: [Act; 8] = [
    GOOD_STREAM,
    Answers(200, SSE, &[Send(ROLE), Cut]),
    Answers(200, SSE, &[Send(ROLE), Wait(60)]),
    Answers(200, SSE, &[Send(ROLE), Send(FAILED)]),
    Answers(200, SSE, &[Send(ROLE), Send(HI), Cut]),
    Answers(200, SSE, &[Send(ROLE), Send(HI), Send(FAILED)]),
    Answers(200, SSE, &[Send(ROLE), Send(HI), Wait(60), Send(STOP)]),
    Answers(200, SSE, &[Send(HI), Wait(1), Send(STOP)]),
];

fn config(tries: u32) -> String {
    let provider = |name| {
        let keys = if name == "b" { "api_keys: ['${KEY}', '${KEY}2']" } else { "api_key: '${KEY}'" };
        format!("  {name}: {{dialect: openai_chat, base_url: 'http://{name}/v1', health: off, {keys}}}\n")
    };
    format!(
        "providers:\n{}models:\n  m: {{targets: [a/x, b/x], fallbacks: [c/x], retry: {{tries: {tries}}}, \
         timeouts: {{first_token: 5s, idle: 10s, total: 120s}}}}",
        TARGETS.map(provider).concat()
    )
}

impl World {
    fn random(tries: u32, acts: &[Vec<Act>]) -> Self {
        let acts: Vec<_> = TARGETS.into_iter().zip(acts.iter().map(Vec::as_slice)).collect();
        Self::of(&config(tries), &acts)
    }

    fn tries(&self) -> usize {
        self.0.transport.asked.lock().unwrap().len()
    }

    fn records(&self) -> usize {
        let metrics = self.0.telemetry.metrics.render([], [], [], []);
        let count = metrics.lines().find_map(|line| line.strip_prefix("outrider_overhead_seconds_count "));
        count.map_or(0, |count| count.parse().unwrap())
    }

    /// What is taken for a call is given back with its end.
    fn assert_idle(&self) {
        for target in self.0.registry.targets() {
            assert_eq!(target.in_flight(), 0, "{}", target.id());
            assert_ne!(target.breaker_state(), 1, "{}: a trial's permit is lost", target.id());
        }
        assert!(self.0.telemetry.metrics.render([], [], [], []).contains("outrider_calls_in_flight 0\n"));
    }
}

fn run(story: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(story);
}

/// Up to a dozen acts for each of the targets.
fn acts(among: Vec<Act>) -> impl Strategy<Value = Vec<Vec<Act>>> {
    vec(vec(select(among), 1..12), TARGETS.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Exactly one record a call, tries within bounds, permits given back; also where clients leave at any moment.
    #[test]
    fn whatever_happens_a_call_ends_once_and_leaves_nothing_behind(
        acts in acts([&PASSING[..], &FINAL, &STREAMS, &[GOOD]].concat()),
        calls in vec((any::<bool>(), 0u64..20_000, 0u64..5_000), 1..12),
        tries in 1u32..6,
    ) {
        run(async move {
            let world = World::random(tries, &acts);
            for (i, (stream, stays, pause)) in calls.into_iter().enumerate() {
                let before = world.tries();
                // Every other client stays to the end.
                let stays = Duration::from_millis(if i % 2 == 0 { 1_000_000 } else { stays });
                let client = world.call_of("m", stream, stays).await;
                assert!(world.tries() - before <= tries as usize);
                assert_eq!(world.records(), i + 1);
                assert!(i % 2 == 1 || client.complete, "the client was left without an end");
                world.assert_idle();
                sleep(Duration::from_millis(pause)).await;
            }
        });
    }

    /// One target is good: every call is answered, as long as there is a try for each target.
    #[test]
    fn while_one_target_is_good_every_call_is_answered(
        acts in acts(PASSING.to_vec()),
        good in 0usize..3,
        calls in vec((any::<bool>(), 0u64..5_000), 1..12),
        tries in 3u32..6,
    ) {
        run(async move {
            for streams in [false, true] {
                let mut acts = acts.clone();
                acts[good] = vec![if streams { GOOD_STREAM } else { GOOD }];
                let world = World::random(tries, &acts);
                for (_, pause) in &calls {
                    let client = world.call("m", streams).await;
                    let whole = if streams { [ROLE, HI, STOP, DONE].concat() } else { WHOLE.to_owned() };
                    assert_eq!((client.status, client.got), (200, whole), "{}", world.asked());
                    sleep(Duration::from_millis(*pause)).await;
                }
            }
        });
    }

    /// A stream is whole, exactly once, or it ends in an error: nothing is lost, doubled, or cut and called whole.
    #[test]
    fn no_event_is_lost_or_doubled(
        acts in acts([&PASSING[..], &STREAMS].concat()),
        calls in vec(0u64..5_000, 1..12),
        tries in 1u32..6,
    ) {
        run(async move {
            let world = World::random(tries, &acts);
            for pause in calls {
                let client = world.call("m", true).await;
                let (said, ended) = super::recovery::told(&client);
                let whole = client.status == 200 && said == "hi" && ended && client.got.matches("[DONE]").count() <= 1;
                let told = client.got.contains("\"error\"") && !client.got.contains("[DONE]");
                let broken = told && (said.is_empty() || said == "hi");
                assert!(client.complete && (whole || broken), "{}", client.got);
                sleep(Duration::from_millis(pause)).await;
            }
        });
    }
}
