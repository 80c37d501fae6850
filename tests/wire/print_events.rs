//! Events in their canonical form, one a line.

use outrider::canonical::{Delta, Event, PartStart, Str};

use super::print::{stop, usage};
use super::print_parts::{Lines, cited, foreign, part, quote};

/// One event, on as many lines as it needs.
pub fn event(event: &Event<'_>) -> String {
    match event {
        Event::Start { id, model, created, service_tier } => {
            let created = created.map_or(String::new(), |created| format!(" created {created}"));
            format!("start {} of {}{created}{}", quote(id), quote(model), said("tier", service_tier.as_ref()))
        }
        Event::PartStart { choice, part, start } => format!("{choice}.{part} begins: {}", begin(start)),
        Event::Delta { choice, part, delta } => match delta {
            Delta::Text(text) => format!("{choice}.{part} + {}", quote(text)),
            Delta::Signature(signature) => {
                format!("{choice}.{part} signed by {} {}", signature.from.as_str(), quote(&signature.value))
            }
            Delta::Citation(citation) => format!("{choice}.{part} {}", cited(citation)),
        },
        Event::PartEnd { choice, part } => format!("{choice}.{part} ends"),
        Event::Stop { choice, stop: why } => format!("{choice} {}", stop(why)),
        Event::Logprobs { choice, logprobs } => {
            format!("{choice} logprobs {}", super::layout::on_one_line(logprobs.as_str()))
        }
        Event::Usage(tokens) => format!("usage{}", usage(tokens)),
        Event::Ping => "ping".into(),
        Event::Error(fault) => format!("error {}: {}", fault.kind.as_str(), fault.message),
        Event::End => "end".into(),
    }
}

fn begin(start: &PartStart<'_>) -> String {
    match start {
        PartStart::Text => "text".into(),
        PartStart::Reasoning { summary, id, redacted } => {
            let summary = if *summary { " summary" } else { "" };
            let redacted = if *redacted { " redacted" } else { "" };
            format!("reasoning{}{summary}{redacted}", said("id", id.as_ref()))
        }
        PartStart::ToolCall { id, name, free_form } => {
            format!("call {id} of {name}{}", if *free_form { " in free text" } else { "" })
        }
        PartStart::Refusal => "refusal".into(),
        PartStart::Media(media) => {
            let mut lines = Lines::new();
            part(&outrider::canonical::Part::Media((**media).clone()), &mut lines);
            lines.into_text().trim_end().replace("\n  ", ", ")
        }
        PartStart::Foreign(one) => foreign(one),
    }
}

fn said(name: &str, text: Option<&Str<'_>>) -> String {
    text.map_or(String::new(), |text| format!(" {name} {}", quote(text)))
}
