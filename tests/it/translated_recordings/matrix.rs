//! Every recorded answer in every dialect: as it came, and as a whole where it was a stream or the other way round.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use outrider::canonical::Dialect;

use super::exceptions::{EXCEPTIONS, excepted, no_answer};
use super::pair::{crossed, none, pair};
use super::recorded::{Recording, answers};
use crate::captures::{folder, tell};

/// How many of a thousand pairs must be exact.
const EXACT: usize = 995;

/// What became of the pairs.
#[derive(Default)]
struct Tally {
    /// By dialects and kind: how many were exact, and of how many.
    counts: BTreeMap<(&'static str, &'static str, &'static str), (usize, usize)>,
    exceptions: usize,
    /// The places of the exceptions that were needed.
    needed: BTreeSet<usize>,
    wrong: Vec<String>,
}

#[test]
fn a_translation_says_what_the_recording_says() {
    let Some(folder) = folder() else { return tell("translations: skipped: OUTRIDER_CAPTURES is not set") };
    let mut random = fastrand::Rng::with_seed(20_261_121);
    let mut tally = Tally::default();
    for recording in answers(&folder) {
        if let Some(kind) = no_answer(&recording.id) {
            none(&recording, kind, &mut random);
            continue;
        }
        let meant = recording.said();
        for to in Dialect::ALL {
            let [same, other] = match recording.stream {
                true => ["streams", "streams made whole"],
                false => ["replies", "replies made streams"],
            };
            let cuts = random.fork();
            tally.note(&recording, to, same, || pair(&recording, &meant, to, cuts));
            tally.note(&recording, to, other, || crossed(&recording, &meant, to));
        }
    }
    tally.judge();
}

impl Tally {
    fn note(
        &mut self,
        recording: &Recording,
        to: Dialect,
        kind: &'static str,
        pair: impl FnOnce() -> Result<(), String>,
    ) {
        // A panic is a bug like others: the rest is still of interest.
        let result = catch_unwind(AssertUnwindSafe(pair)).unwrap_or_else(|_| Err("a panic".to_owned()));
        let (from, to_name) = (recording.dialect.as_str(), to.as_str());
        let (exact, all) = self.counts.entry((from, to_name, kind)).or_default();
        *all += 1;
        match (result, excepted(&recording.id, to)) {
            (Ok(()), _) => *exact += 1,
            (Err(_), Some(place)) => {
                self.exceptions += 1;
                self.needed.insert(place);
            }
            (Err(what), None) => self.wrong.push(format!("{} {from} -> {to_name}, {kind}: {what}", recording.id)),
        }
    }

    fn judge(self) {
        let Self { counts, exceptions, needed, wrong } = self;
        for ((from, to, kind), (exact, all)) in &counts {
            tell(&format!("translations: {from} -> {to}: {exact} of {all} {kind} exact"));
        }
        let (exact, all) = counts.values().fold((0, 0), |sum, (exact, all)| (sum.0 + exact, sum.1 + all));
        tell(&format!("translations: {exact} of {all} pairs exact, {exceptions} known exceptions"));
        assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
        let idle = (0..EXCEPTIONS.len()).find(|place| !needed.contains(place));
        assert_eq!(idle.map(|place| EXCEPTIONS[place].0), None, "an exception that is not needed any more");
        assert!(all > 30_000 && exact * 1000 >= all * EXACT, "{exact} of {all}");
    }
}
