//! What a call feeds for one model at one target.

use prometheus::{Histogram, IntCounter};

use crate::canonical::Usage;
use crate::telemetry::record::CallRecord;

/// The handles of one model at one target, so that a call finds them with one look-up and without an allocation.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) first_token: Histogram,
    pub(super) duration: Histogram,
    pub(super) input: IntCounter,
    pub(super) output: IntCounter,
    pub(super) cached: IntCounter,
    pub(super) reasoning: IntCounter,
}

impl Series {
    pub(super) fn observe(&self, record: &CallRecord) {
        if let Some(first_token) = record.first_token {
            self.first_token.observe(first_token.as_secs_f64());
        }
        self.duration.observe(record.total.as_secs_f64());
        self.count(&record.usage);
    }

    pub(super) fn count(&self, usage: &Usage) {
        self.input.inc_by(usage.input.unwrap_or(0));
        self.output.inc_by(usage.output.unwrap_or(0));
        self.cached.inc_by(usage.cached.unwrap_or(0));
        self.reasoning.inc_by(usage.reasoning.unwrap_or(0));
    }
}
