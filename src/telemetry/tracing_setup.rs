//! Operational messages: what happens apart from calls.
//!
//! They go to standard error, as the access log has standard output to itself. Pingora speaks through the `log` crate,
//! which is bridged; at `info` it reports each client that hangs up, so it is heard from `warn` on.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use super::access_log::Format;
use crate::config::schema;

/// Sets the process up to write its messages of `level` and above. `RUST_LOG` goes before `level`.
///
/// Does nothing where messages are already taken care of, as in tests.
pub fn init_tracing(level: LevelFilter, format: Format) {
    let said = std::env::var(EnvFilter::DEFAULT_ENV).ok();
    let filter = EnvFilter::builder().parse_lossy(directives(level, said.as_deref()));
    let messages = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let result = match format {
        Format::Json => messages.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
        Format::Text => messages.with_ansi(io::stderr().is_terminal()).try_init(),
    };
    if let Err(problem) = result {
        tracing::debug!(%problem, "messages are already taken care of");
    }
}

impl From<schema::Level> for LevelFilter {
    fn from(said: schema::Level) -> Self {
        match said {
            schema::Level::Error => Self::ERROR,
            schema::Level::Warn => Self::WARN,
            schema::Level::Info => Self::INFO,
            schema::Level::Debug => Self::DEBUG,
            schema::Level::Trace => Self::TRACE,
        }
    }
}

/// What `RUST_LOG` would have to say, unless it does.
fn directives(level: LevelFilter, said: Option<&str>) -> String {
    match said.filter(|said| !said.trim().is_empty()) {
        Some(said) => said.to_owned(),
        // A filter's name is a prefix: this is all of Pingora's crates.
        None if level == LevelFilter::INFO => "info,pingora=warn".to_owned(),
        None => level.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pingora_is_quiet_unless_asked() {
        for (level, said, expected) in [
            (LevelFilter::OFF, None, "off"),
            (LevelFilter::ERROR, None, "error"),
            (LevelFilter::INFO, None, "info,pingora=warn"),
            (LevelFilter::DEBUG, None, "debug"),
            (LevelFilter::INFO, Some(""), "info,pingora=warn"),
            (LevelFilter::INFO, Some("pingora_core=trace"), "pingora_core=trace"),
        ] {
            assert_eq!(directives(level, said), expected, "{level} {said:?}");
        }
    }
}
