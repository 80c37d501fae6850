//! Three providers, each good or bad for a while, with one answer.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::BytesMut;
use tokio::task::JoinHandle;

use crate::support::dialects::speech::{SPEECHES, Speech};
use crate::support::faults::{FAULTS, Fault, Kind, Moment, Stage, answer};
use crate::support::provider::{Behaviour, Provider, Script, Seen, Step};
use crate::support::proxy::Config;

/// How each is spoken to.
const DIALECTS: [&str; 3] = ["openai_chat", "anthropic", "openai_responses"];

/// For so long the same one is good.
const PERIOD: Duration = Duration::from_secs(4);

/// And the next one is good already for the last part of it. No call takes that long, so that each has one provider
/// that is good from its first try to its last.
const OVERLAP: Duration = Duration::from_secs(2);

/// A provider that is silent is left. Far above what a good one needs on a busy machine.
const DEADLINE: &str = "500ms";

/// What of a hundred requests a bad provider fails, at random for each time that it is bad.
const BADNESS: [u8; 4] = [5, 20, 50, 100];

/// Models of each kind. Each has targets of its own, which have to find out for themselves who is bad.
pub const MODELS: usize = 8;

/// What passes by itself, and is not the client's to know: a quota would be gone when its provider is good again.
static PASSING: LazyLock<Vec<&Fault>> = LazyLock::new(|| {
    let passes = |fault: &&Fault| !["quota exhausted", "context too long"].contains(&fault.name);
    FAULTS.iter().filter(|fault| fault.moment != Moment::Told).filter(passes).collect()
});

/// All three.
pub struct Providers {
    all: Vec<Provider>,
    moods: Arc<[Mood; 3]>,
}

/// One of them.
#[derive(Default)]
struct Mood {
    /// Of a hundred requests, so many fail.
    badness: AtomicU8,
    asked: AtomicUsize,
    faults: AtomicUsize,
}

impl Providers {
    /// All of them good.
    pub async fn start() -> Self {
        let moods = Arc::<[Mood; 3]>::default();
        let mut all = Vec::new();
        for (index, dialect) in DIALECTS.iter().enumerate() {
            let speech = SPEECHES.iter().find(|speech| speech.dialect == *dialect).expect("a dialect");
            let moods = moods.clone();
            let provider = Provider::behaving(Behaviour::new(move |seen| moods[index].react(speech, seen))).await;
            provider.forget();
            all.push(provider);
        }
        Self { all, moods }
    }

    /// Models for texts and for calls of tools, each with all three as equals.
    pub fn config(&self) -> Config {
        let timeouts = format!("{{first_token: {DEADLINE}, idle: {DEADLINE}}}");
        let mut config = Config::default().top(&format!("defaults: {{timeouts: {timeouts}}}"));
        for (index, provider) in self.all.iter().enumerate() {
            config = config.speaking(&format!("p{index}"), provider, DIALECTS[index]);
        }
        for (model, number) in ["text", "call"].into_iter().flat_map(|model| (0..MODELS).map(move |n| (model, n))) {
            let targets = [0, 1, 2].map(|provider| format!("p{provider}/the-{model}-{number}")).join(", ");
            // All calls look like one conversation, which half of the models keep where it is.
            let sticky = if number % 2 == 0 { "auto" } else { "off" };
            config = config.model(&format!("{model}-{number}"), &format!("{{targets: [{targets}], sticky: {sticky}}}"));
        }
        config
    }

    /// From now on one after the other is good, and the others are bad.
    pub fn storm(&self) -> JoinHandle<()> {
        let moods = self.moods.clone();
        tokio::spawn(async move {
            let mut good = 0;
            loop {
                for (index, mood) in moods.iter().enumerate() {
                    let badness = if index == good { 0 } else { BADNESS[fastrand::usize(..BADNESS.len())] };
                    mood.badness.store(badness, Ordering::SeqCst);
                }
                tokio::time::sleep(PERIOD - OVERLAP).await;
                good = (good + fastrand::usize(1..=2)) % 3;
                moods[good].badness.store(0, Ordering::SeqCst);
                tokio::time::sleep(OVERLAP).await;
            }
        })
    }

    /// Requests so far.
    pub fn asked(&self) -> usize {
        self.moods.iter().map(|mood| mood.asked.load(Ordering::SeqCst)).sum()
    }

    /// How many of them failed.
    pub fn faults(&self) -> usize {
        self.moods.iter().map(|mood| mood.faults.load(Ordering::SeqCst)).sum()
    }
}

impl Mood {
    fn react(&self, speech: &'static Speech, seen: &Seen) -> Script {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let calls = seen.body.windows(8).any(|window| window == b"the-call");
        let said = answer(if calls { Kind::Call } else { Kind::Text });
        let stage = Stage { speech, said, stream: speech.wants_stream(seen), before: 0 };
        if fastrand::u8(..100) >= self.badness.load(Ordering::SeqCst) {
            return batched(stage.play());
        }
        self.faults.fetch_add(1, Ordering::SeqCst);
        let fitting: Vec<_> = PASSING.iter().filter(|fault| fault.fits(speech.dialect)).collect();
        batched((fitting[fastrand::usize(..fitting.len())].script)(&stage))
    }
}

/// Several events a write, as it comes from a busy provider: a hundred thousand streams word by word would take long.
fn batched(script: Script) -> Script {
    let mut batched = Script::new();
    let mut together = BytesMut::new();
    let flush = |together: &mut BytesMut, batched: &mut Script| {
        if !together.is_empty() {
            batched.push(Step::Write(std::mem::take(together).freeze()));
        }
    };
    for step in script {
        match step {
            Step::Write(bytes) => {
                together.extend_from_slice(&bytes);
                if fastrand::u8(..8) == 0 {
                    flush(&mut together, &mut batched);
                }
            }
            other => {
                flush(&mut together, &mut batched);
                batched.push(other);
            }
        }
    }
    flush(&mut together, &mut batched);
    batched
}
