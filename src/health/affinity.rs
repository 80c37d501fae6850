//! Where each conversation was last, so that it can stay where its prompt is cached.
//!
//! The same table says who made what: then the key is the mark of a signature.
//!
//! Bounded: a place in the table is one of eight that the key may have, and the one whose time ends first is given up.
//! No text of a conversation is kept, only a number made of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use super::lock;
use crate::names::TargetId;

/// Parts of the table, each with a lock of its own.
const PARTS: usize = 16;

/// Places in a part: 65,536 in all, in about four mebibytes once all of them are taken.
const PLACES: usize = 4_096;

/// Places that one key may have.
const WAYS: usize = 8;

/// See the module.
#[derive(Debug, Default)]
pub struct Affinity {
    /// Each is empty until it is used.
    parts: [Mutex<Vec<Option<Place>>>; PARTS],
    /// There has been something in it.
    used: AtomicBool,
}

/// Where a conversation was last.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    key: u64,
    /// The target.
    pub target: TargetId,
    /// Tokens of its prompt that should be in that one's cache.
    pub tokens: f32,
    /// So many answers in a row have counted none of them.
    pub in_vain: u8,
    /// So long they are.
    pub until: Instant,
}

impl Affinity {
    /// Where the conversation was last, if that is still worth anything.
    pub fn find(&self, key: u64, now: Instant) -> Option<Place> {
        let part = lock(&self.parts[part(key)]);
        let ways = part.get(ways(key))?;
        ways.iter().flatten().find(|place| place.key == key && place.until > now).cloned()
    }

    /// There may be something in it.
    pub fn is_used(&self) -> bool {
        self.used.load(Relaxed)
    }

    /// The conversation was answered there.
    pub fn put(&self, key: u64, target: TargetId, tokens: f32, in_vain: u8, until: Instant) {
        self.used.store(true, Relaxed);
        let mut part = lock(&self.parts[part(key)]);
        if part.is_empty() {
            part.resize(PLACES, None);
        }
        let Some(ways) = part.get_mut(ways(key)) else { return };
        let own = ways.iter().position(|place| place.as_ref().is_some_and(|place| place.key == key));
        let soonest = || (0..ways.len()).min_by_key(|way| ways[*way].as_ref().map(|place| place.until));
        if let Some(way) = own.or_else(soonest) {
            ways[way] = Some(Place { key, target, tokens, in_vain, until });
        }
    }
}

fn part(key: u64) -> usize {
    (key >> 60) as usize % PARTS
}

fn ways(key: u64) -> std::ops::Range<usize> {
    let first = (key >> 8) as usize % (PLACES / WAYS) * WAYS;
    first..first + WAYS
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_conversation_is_found_until_its_time_is_over() {
        let (affinity, now) = (Affinity::default(), Instant::now());
        let soon = now + Duration::from_secs(300);
        assert_eq!(affinity.find(7, now), None);
        affinity.put(7, "a/m".into(), 10.0, 0, soon);
        affinity.put(7, "b/m".into(), 20.0, 0, soon);
        let found = affinity.find(7, now).unwrap();
        assert_eq!((found.target.as_str(), found.tokens), ("b/m", 20.0));
        assert_eq!(affinity.find(8, now), None);
        assert_eq!(affinity.find(7, soon), None);
    }

    #[test]
    fn the_table_is_bounded_and_the_latest_stay() {
        let (affinity, now) = (Affinity::default(), Instant::now());
        let mut dice = fastrand::Rng::with_seed(7);
        let keys: Vec<u64> = (0..300_000).map(|_| dice.u64(..)).collect();
        for (index, key) in (0..).zip(&keys) {
            affinity.put(*key, "a/m".into(), 1.0, 0, now + Duration::from_millis(1_000 + index));
        }
        let found = |keys: &[u64]| keys.iter().filter(|key| affinity.find(**key, now).is_some()).count();
        assert!(found(&keys) <= PARTS * PLACES);
        assert!(found(&keys[299_000..]) > 990, "the latest thousand are there: {}", found(&keys[299_000..]));
        assert!(found(&keys[..1_000]) < 10);
    }
}
