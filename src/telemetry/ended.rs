//! Tells, once of each, that a model is called whose last day is over.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::record::CallRecord;
use crate::names::TargetId;

/// So many are told of. Names come from clients, but those with a last day from the catalogue.
const MOST: usize = 256;

/// Those that were told of.
#[derive(Debug, Default)]
pub(super) struct Ended(Mutex<HashSet<TargetId>>);

impl Ended {
    /// Tells of those that this call has tried.
    pub(super) fn tell(&self, record: &CallRecord) {
        for attempt in &record.attempts {
            if let Some(last) = attempt.ended.as_deref().filter(|_| self.is_new(&attempt.target)) {
                let model = &attempt.target;
                tracing::warn!(%model, last_day = last, "called after its last day, its provider may end it any time");
            }
        }
    }

    fn is_new(&self, target: &TargetId) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MOST && told.insert(target.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_and_no_more_than_there_is_room_for() {
        let ended = Ended::default();
        assert!(ended.is_new(&"a/b".into()) && !ended.is_new(&"a/b".into()) && ended.is_new(&"a/c".into()));
        let new = (0..2 * MOST).filter(|number| ended.is_new(&format!("x/{number}").as_str().into())).count();
        assert_eq!(new, MOST - 2);
    }
}
