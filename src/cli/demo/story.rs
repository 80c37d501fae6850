//! What happens, act by act, while the callers keep calling.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::client::{Answer, call};
use super::provider::{Mode, Provider};
use super::screen::Screen;
use super::tally::Tally;

/// Calls at the same time.
const CALLERS: usize = 4;

/// One act: how north behaves, for at least `least`; then until the point is made, or `most` is over.
struct Act {
    title: &'static str,
    north: Mode,
    least: Duration,
    most: Duration,
    point: fn(&Tally) -> bool,
}

const STORY: [Act; 5] = [
    act("both answer", Mode::Healthy, 2, 4, |seen| seen.answered.iter().all(|count| *count > 0)),
    act("north answers 500", Mode::ServerError, 2, 4, |seen| seen.failovers > 0),
    act("north hangs", Mode::Hang, 3, 5, |seen| seen.failovers > 0),
    act("north cuts its streams", Mode::Cut, 2, 4, |seen| seen.failovers > 0),
    // It rests for some seconds yet, as it has earned; then it gets its share again.
    act("north is back", Mode::Healthy, 2, 24, |seen| seen.answered[0] >= 50),
];

const fn act(title: &'static str, north: Mode, least: u64, most: u64, point: fn(&Tally) -> bool) -> Act {
    Act { title, north, least: Duration::from_secs(least), most: Duration::from_secs(most), point }
}

/// Lets the callers call while the acts go by.
pub async fn tell(north: &Provider, door: SocketAddr, screen: &mut Screen) -> Vec<Tally> {
    let (sender, mut results) = mpsc::channel(CALLERS);
    let number = Arc::new(AtomicU64::new(0));
    for _ in 0..CALLERS {
        tokio::spawn(keep_calling(door, number.clone(), sender.clone()));
    }
    let mut acts = Vec::new();
    for act in &STORY {
        north.behave(act.north);
        acts.push(Tally::new(act.title));
        screen.begin(&acts);
        let started = Instant::now();
        while let Some(result) = results.recv().await {
            let Some(seen) = acts.last_mut() else { break };
            seen.record(&result);
            let (made, spent) = ((act.point)(seen), started.elapsed());
            screen.call(&result, &acts);
            if spent >= act.least && made || spent >= act.most {
                break;
            }
        }
    }
    acts
}

/// Ends when nobody reads the results any more.
async fn keep_calling(door: SocketAddr, number: Arc<AtomicU64>, results: mpsc::Sender<Result<Answer, String>>) {
    loop {
        let result = call(door, "of-no-importance", number.fetch_add(1, Ordering::Relaxed)).await;
        if results.send(result).await.is_err() {
            return;
        }
    }
}

/// The title of the first act that did not show what it is there for.
pub fn pointless(acts: &[Tally]) -> Option<&'static str> {
    STORY.iter().zip(acts).find(|(act, seen)| !(act.point)(seen)).map(|(act, _)| act.title)
}
