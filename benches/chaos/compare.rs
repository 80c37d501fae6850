//! Two upstreams, of which the first is bad, for good or every other while: the scene by which routers are compared.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::caller::Caller;
use super::load::asked;
use super::tally::Tally;
use crate::support::dialects::speech::SPEECHES;
use crate::support::faults::{FAULTS, Kind, Stage, Verdict, answer, judge};
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};

const CALLS: usize = 500;

/// How the first one is bad.
const SCENES: [&str; 6] = [
    "503 for long",
    "429 without Retry-After",
    "reset before headers",
    "no response",
    "cut in the middle",
    "stall in the middle",
];

/// Down and up in turn, each for so long, in the last scene.
const FLAP: Duration = Duration::from_secs(3);
/// How long that goes on.
const FLAPPING: Duration = Duration::from_secs(60);

/// Prints a line for each scene. Whether no call was lost.
pub async fn run() -> bool {
    println!("| the first upstream | calls lost | it was asked | p50 | p99 | most | all took |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut held = true;
    for scene in SCENES {
        held &= play(scene, scene, |_| true, |calls, _| calls < CALLS).await;
    }
    let down = |since: Duration| (since.as_secs() / FLAP.as_secs()).is_multiple_of(2);
    held & play("flapping for 60 s", "503 for long", down, |_, since| since < FLAPPING).await
}

/// The fault of that name whenever the upstream `is_bad`; calls one after the other while it `goes_on`.
async fn play(
    scene: &str,
    fault: &str,
    is_bad: impl Fn(Duration) -> bool + Send + Sync + 'static,
    goes_on: impl Fn(usize, Duration) -> bool,
) -> bool {
    let fault = FAULTS.iter().find(|known| known.name == fault).expect("a fault of the catalogue");
    let speech = &SPEECHES[0];
    let asked_bad = Arc::new(AtomicUsize::new(0));
    let counter = asked_bad.clone();
    let stage = |stream, before| Stage { speech, said: answer(Kind::Text), stream, before };
    let began = Instant::now();
    let bad = Provider::behaving(Behaviour::new(move |seen| {
        let stage = stage(speech.wants_stream(seen), counter.fetch_add(1, Ordering::SeqCst));
        if is_bad(began.elapsed()) { (fault.script)(&stage) } else { stage.play() }
    }))
    .await;
    let good = Provider::behaving(Behaviour::new(move |seen| stage(speech.wants_stream(seen), 0).play())).await;
    bad.forget();
    good.forget();
    let config = Config::chain(&[&bad, &good]).top("defaults: {timeouts: {first_token: 2s, idle: 2s}}");
    let proxy = Proxy::start(&config).await;

    let (mut caller, mut tally) = (Caller::new(proxy.traffic), Tally::default());
    while goes_on(tally.calls(), began.elapsed()) {
        let started = Instant::now();
        let verdict = match caller.call(asked(speech, "m", true)).await {
            Ok(reply) => judge(speech, true, &reply, &answer(Kind::Text)),
            Err(why) => Verdict::Wrong(why),
        };
        tally.count(verdict, started.elapsed(), 1, speech.dialect);
    }
    let [p50, p99, most] =
        [0.5, 0.99, 1.0].map(|share| format!("{:.2} ms", tally.percentile(share).as_secs_f64() * 1e3));
    let (bad, all) = (asked_bad.load(Ordering::SeqCst), began.elapsed().as_secs_f64());
    println!("| {scene} | {} | {bad} | {p50} | {p99} | {most} | {all:.1} s |", tally.lost());
    tally.print_losses();
    tally.held()
}
