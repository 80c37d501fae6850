//! The one place where a call is counted.

use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use tracing::level_filters::LevelFilter;

use super::access_log::{AccessLog, Format};
use super::ended::Ended;
use super::metrics::Metrics;
use super::record::CallRecord;
use super::ways::{Distrust, Reason, Tunnel};

/// Where records go.
#[derive(Debug)]
pub struct Telemetry {
    /// What Prometheus is told.
    pub metrics: Metrics,
    /// One line a call.
    pub log: AccessLog,
    books: OnceLock<Arc<dyn Books>>,
    ended: Ended,
}

/// Whoever keeps what calls have cost.
pub trait Books: std::fmt::Debug + Send + Sync {
    /// Takes note of one call. Does not block.
    fn post(&self, record: &CallRecord);

    /// Waits until all is written, for two seconds at most.
    fn flush(&self);
}

impl Telemetry {
    /// Counters at zero and an access log to `writer`, which may block: calls do not wait for it.
    pub fn new(format: Format, level: LevelFilter, writer: impl Write + Send + 'static) -> Self {
        let metrics = Metrics::new();
        let log = AccessLog::new(format, level, writer, metrics.log_lines_dropped());
        Self { metrics, log, books: OnceLock::new(), ended: Ended::default() }
    }

    /// From now on each call is entered into `books`.
    pub fn keep(&self, books: Arc<dyn Books>) {
        let _ = self.books.set(books); // one process keeps one ledger
    }

    /// Tells one call that ended.
    pub fn emit(&self, record: &CallRecord) {
        self.metrics.observe(record);
        self.log.write(record, SystemTime::now());
        self.ended.tell(record);
        if let Some(books) = self.books.get() {
            books.post(record);
        }
    }

    /// Tells that the TLS of a connection was ended here, by the way it came.
    pub fn emit_intercepted(&self, way: &'static str) {
        self.metrics.ways.intercepted(way);
    }

    /// Tells that a tunnel begins; it ends when the guard is dropped.
    pub fn emit_tunnel(&self, reason: Reason) -> Tunnel {
        self.metrics.ways.tunnel(reason)
    }

    /// Tells that a client did not believe the certificate made for `host`.
    pub fn emit_distrust(&self, host: &str, how: Distrust) {
        self.metrics.ways.distrusted(host, how);
    }

    /// Tells that a connection to another host was refused, or did not come about.
    pub fn emit_refused(&self, error: &'static str) {
        self.metrics.ways.refused(error);
    }

    /// Waits until the ledger and the access log are written, for some seconds at most: the last thing a process does.
    pub fn flush(&self) {
        if let Some(books) = self.books.get() {
            books.flush();
        }
        self.log.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::canonical::FaultKind;
    use crate::telemetry::Outcome;

    /// A file in memory.
    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_call_is_counted_at_every_level_and_logged_from_its_own_on() {
        for (level, lines) in [(LevelFilter::INFO, 2), (LevelFilter::WARN, 1), (LevelFilter::OFF, 0)] {
            let file = Memory::default();
            let telemetry = Telemetry::new(Format::Json, level, file.clone());
            telemetry.emit(&CallRecord::sample());
            let failed = Outcome::Fault(FaultKind::Overloaded);
            telemetry.emit(&CallRecord { outcome: failed, ..CallRecord::sample() });
            telemetry.flush();
            let written = String::from_utf8(file.0.lock().unwrap().clone()).unwrap();
            assert_eq!(written.lines().count(), lines, "{level}: {written}");
            assert!(written.is_empty() || written.ends_with('\n'));
            assert!(telemetry.metrics.render([], [], [], []).contains("outrider_overhead_seconds_count 2\n"));
        }
    }
}
