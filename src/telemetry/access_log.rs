//! One line a call.
//!
//! What the line says is what the record says: names, counts and times, never a prompt and never a secret. A model's
//! name, a path and a request id are the client's own words, so in a line they are quoted with every control character
//! escaped: a hostile name can neither end the line nor speak to the terminal that shows it.

use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, SystemTime};

use prometheus::IntCounter;
use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::json_line::{Json, Object};
use super::lines::Lines;
use super::record::{CallRecord, Outcome};
use super::timestamp::Timestamp;
use crate::canonical::Blame;
use crate::config::schema;

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, for log collectors.
    #[default]
    Json,
    /// For people.
    Text,
}

impl From<schema::Format> for Format {
    fn from(said: schema::Format) -> Self {
        match said {
            schema::Format::Json => Self::Json,
            schema::Format::Text => Self::Text,
        }
    }
}

/// Writes the access log.
#[derive(Debug)]
pub struct AccessLog {
    format: Format,
    level: LevelFilter,
    lines: Lines,
}

impl AccessLog {
    /// A log to `writer`, which may block: calls do not wait for it. `dropped` counts lines that were not written.
    ///
    /// Calls that went wrong by no fault of the client have level `warn`, all others `info`.
    pub fn new(format: Format, level: LevelFilter, writer: impl Write + Send + 'static, dropped: IntCounter) -> Self {
        Self { format, level, lines: Lines::new(writer, dropped) }
    }

    /// Writes the line of one call.
    pub(super) fn write(&self, record: &CallRecord, now: SystemTime) {
        thread_local!(static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });

        let level = level(record.outcome);
        if level > self.level {
            return;
        }
        LINE.with_borrow_mut(|line| {
            line.clear();
            match self.format {
                Format::Json => write_json(record, level, now, line),
                Format::Text => write_text(record, level, now, line).expect("memory takes every line"),
            }
            line.push(b'\n');
            self.lines.push(line);
        });
    }

    /// Waits until all lines are written, for a second at most.
    pub fn flush(&self) {
        self.lines.flush();
    }
}

fn level(outcome: Outcome) -> Level {
    match outcome {
        Outcome::Fault(fault) if fault.blame() != Blame::Client => Level::WARN,
        Outcome::Success | Outcome::Fault(_) => Level::INFO,
    }
}

fn write_json(record: &CallRecord, level: Level, now: SystemTime, line: &mut Vec<u8>) {
    let mut object = Object::begin(line);
    object.set("ts", Timestamp(now)).set("level", level.as_str()).set("msg", "call");
    object.set("request_id", &*record.id).set("caller", record.caller.as_ref().map(|caller| caller.as_str()));
    object.maybe("route", record.route.as_deref()).set("operation", record.operation);
    object.set("method", record.method.as_str()).set("path", &record.path).set("model", &record.model_asked);
    object.set("model_served", record.model.as_ref().map(|model| model.as_str()));
    object.set("target", record.target.as_ref().map(|target| target.as_str()));
    object.set("attempts", &*record.attempts).set("status", record.status).set("outcome", record.outcome.as_str());
    object.set("stream", record.stream).maybe("lost", Some(&*record.lost).filter(|lost| !lost.is_empty()));
    object.maybe("recovered", record.recovered);
    object.maybe("skipped_events", Some(u64::from(record.skipped)).filter(|skipped| *skipped > 0));
    object.maybe("tool_calls_sound", record.calls_sound);
    object.set("tokens", record.tokens()).set("cost_usd", record.cost);
    object.maybe("cost_estimated", record.estimated.then_some(true));
    object.set("first_token_ms", record.first_token).set("total_ms", record.total);
    object.maybe("explain", record.explanation.as_deref().map(Json));
    object.maybe("queued_ms", Some(record.queued).filter(|queued| !queued.is_zero()));
    object.set("added_us", record.added.as_micros() as u64);
    object.set("bytes_in", record.bytes_in).set("bytes_out", record.bytes_out).end();
}

/// `2026-11-20T09:30:00.000Z INFO call smart -> openai/gpt-5 200 success in 812ms (first token 120ms) ...`
fn write_text(record: &CallRecord, level: Level, now: SystemTime, line: &mut Vec<u8>) -> std::io::Result<()> {
    write!(line, "{} {level:>5} call ", Timestamp(now))?;
    match record.model_asked.as_str() {
        "" => write!(line, "{} {:?}", record.method, record.path)?,
        model => write!(line, "{model:?}")?,
    }
    if let Some(target) = &record.target {
        write!(line, " -> {:?}", target.as_str())?;
    }
    if let Some(status) = record.status {
        write!(line, " {status}")?;
    }
    write!(line, " {} in {:?}", record.outcome.as_str(), round(record.total))?;
    if let Some(first_token) = record.first_token {
        write!(line, " (first token {:?})", round(first_token))?;
    }
    if !record.queued.is_zero() {
        write!(line, " queued={:?}", round(record.queued))?;
    }
    let tokens = record.tokens();
    for (name, count) in [("in", tokens.input), ("out", tokens.output)] {
        if let Some(count) = count {
            write!(line, " {name}={count}")?;
        }
    }
    if let Some(cost) = record.cost {
        write!(line, " usd={cost}")?;
    }
    for failed in &record.attempts {
        let Some(fault) = failed.fault else { continue };
        write!(line, " failed={:?}:{fault}:{:?}", failed.target.as_str(), round(failed.took))?;
    }
    if let Some(forced) = record.attempts.iter().find(|attempt| attempt.forced) {
        write!(line, " panic={:?}", forced.target.as_str())?;
    }
    write!(line, " id={:?}", record.id)
}

fn round(time: Duration) -> Duration {
    Duration::from_millis(time.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::{Value, json};

    use super::*;
    use crate::canonical::FaultKind;

    fn moment() -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(1_795_167_000_123)
    }

    fn json_of(record: &CallRecord) -> String {
        let mut line = Vec::new();
        write_json(record, level(record.outcome), moment(), &mut line);
        String::from_utf8(line).expect("UTF-8")
    }

    fn text_of(record: &CallRecord) -> String {
        let mut line = Vec::new();
        write_text(record, level(record.outcome), moment(), &mut line).expect("memory");
        String::from_utf8(line).expect("UTF-8")
    }

    #[test]
    fn a_line_says_everything_about_its_call() {
        let line: Value = serde_json::from_str(&json_of(&CallRecord::sample())).expect("JSON");
        let expected = json!({
            "ts": "2026-11-20T09:30:00.123Z", "level": "INFO", "msg": "call", "request_id": "req-1",
            "caller": "checkout", "operation": "chat", "method": "POST", "path": "/v1/chat/completions",
            "model": "smart", "model_served": "smart", "target": "openai/gpt-5",
            "attempts": [
                {"target": "azure/gpt-5", "key": "k#1", "outcome": "overloaded", "blame": "target", "status": 503, "ms": 20.0},
                {"target": "openai/gpt-5", "key": "k#1", "outcome": "ok", "status": 200, "ms": 300.0},
            ],
            "status": 200, "outcome": "success", "stream": true,
            "tokens": {"input": 100, "output": 50, "cached": 40, "cache_write": null, "cache_write_1h": null, "reasoning": 7},
            "cost_usd": 0.0006125,
            "first_token_ms": 320.0, "total_ms": 812.345, "added_us": 90, "bytes_in": 1024, "bytes_out": 2048,
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn a_line_for_people() {
        let expected = "2026-11-20T09:30:00.123Z  INFO call \"smart\" -> \"openai/gpt-5\" 200 success in 812ms \
            (first token 320ms) in=100 out=50 usd=0.0006125 failed=\"azure/gpt-5\":overloaded:20ms id=\"req-1\"";
        assert_eq!(text_of(&CallRecord::sample()), expected);
    }

    #[test]
    fn a_try_for_want_of_anything_better_is_told() {
        let mut record = CallRecord::sample();
        record.attempts[1].forced = true;
        let line: Value = serde_json::from_str(&json_of(&record)).expect("JSON");
        assert_eq!((&line["attempts"][0]["forced"], &line["attempts"][1]["forced"]), (&Value::Null, &json!(true)));
        assert!(text_of(&record).contains(" panic=\"openai/gpt-5\" "));
    }

    #[test]
    fn a_wait_for_room_is_told() {
        let record = CallRecord { queued: Duration::from_millis(1_500), ..CallRecord::sample() };
        let line: Value = serde_json::from_str(&json_of(&record)).expect("JSON");
        assert_eq!(line["queued_ms"], json!(1_500.0));
        assert!(text_of(&record).contains(" queued=1.5s "), "{}", text_of(&record));
    }

    #[test]
    fn hostile_names_stay_on_their_line() {
        for name in ["a\nb", "\"},{\"x\":\"", "\u{1b}[2J", "\u{9b}2J", "\u{7f}\u{2028}\u{85}", "\\", "\0", "漢字 ok"]
        {
            let record = CallRecord { model_asked: name.into(), path: name.into(), ..CallRecord::sample() };
            let line = json_of(&record);
            let value: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!((value["model"].as_str(), value["path"].as_str()), (Some(name), Some(name)));
            for line in [line, text_of(&record)] {
                assert!(!line.contains(|c: char| c.is_control() || c == '\u{2028}'), "{line:?}");
            }
        }
    }

    #[test]
    fn levels() {
        for (outcome, expected) in [
            (Outcome::Success, Level::INFO),
            (Outcome::Fault(FaultKind::Rejected), Level::INFO),
            (Outcome::Fault(FaultKind::ClientGone), Level::INFO),
            (Outcome::Fault(FaultKind::Overloaded), Level::WARN),
            (Outcome::Fault(FaultKind::Internal), Level::WARN),
        ] {
            assert_eq!(level(outcome), expected, "{outcome:?}");
        }
    }
}
