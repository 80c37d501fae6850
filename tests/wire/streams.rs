//! Streams: cut anywhere they are the same events, written and read again the same answer, and each becomes what
//! `written.md` says in every dialect.

use bytes::Bytes;
use outrider::canonical::{Dialect, Event, Fault, Gatherer};
use outrider::dialect::aws_events;
use outrider::dialect::codec::{self, Framing};
use outrider::dialect::frames::Frames;

use super::case;
use super::targets::ABOUT;
use super::{print, print_events};

#[test]
fn read_they_are_the_canonical_events() {
    let mut wrong = Vec::new();
    for case in case::all("streams") {
        let sources = case.sources(ending);
        for (dialect, text) in &sources {
            let events = read(*dialect, &[&wire(*dialect, text)]).0;
            case.expect_canonical(*dialect, sources[0].0, &(events.join("\n") + "\n"), &mut wrong);
        }
    }
    case::none(&wrong);
}

#[test]
fn cut_at_every_byte_they_are_the_same_events() {
    for case in case::all("streams") {
        for (dialect, text) in case.sources(ending) {
            let wire = wire(dialect, &text);
            let whole = read(dialect, &[&wire]).0;
            for cut in 1..wire.len() {
                let (first, second) = wire.split_at(cut);
                assert_eq!(read(dialect, &[first, second]).0, whole, "{} cut at {cut}", case.name);
            }
            let bytes: Vec<_> = wire.chunks(1).collect();
            assert_eq!(read(dialect, &bytes).0, whole, "{} byte by byte", case.name);
        }
    }
}

/// How each dialect begins to say why an answer ended.
const REASONS: [&str; 6] = [
    "\"finish_reason\":\"",
    "\"finishReason\"",
    "\"stop_reason\":\"",
    "\"stopReason\"",
    "event: response.completed",
    "\"done\":true",
];

#[test]
fn without_their_end_they_are_no_answers() {
    let mut cuts = 0;
    for case in case::all("streams") {
        for (dialect, text) in case.sources(ending) {
            let wire = wire(dialect, &text);
            let whole = read(dialect, &[&wire]).0;
            if whole.last().is_none_or(|event| event != "end") {
                continue; // it ends badly as it is
            }
            // Before the reason for its end is told, wherever a line ends, it may not be taken for whole.
            let reason = REASONS.map(str::as_bytes);
            let told = |name: &&[u8]| wire.windows(name.len()).rposition(|part| part == *name);
            let Some(told) = reason.iter().filter_map(told).max() else { continue };
            let lines = wire[..told].iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
            for cut in lines {
                let last = read(dialect, &[&wire[..cut]]).0.pop().unwrap_or_default();
                assert!(last != "end", "{} in {}: whole after {cut}", case.name, dialect.as_str());
                cuts += 1;
            }
        }
    }
    assert!(cuts > 100, "{cuts}");
}

#[test]
fn each_is_written_in_every_dialect() {
    let mut wrong = Vec::new();
    for case in case::all("streams") {
        let (dialect, text) = case.sources(ending).swap_remove(0);
        let wire = wire(dialect, &text);
        let reply = read(dialect, &[&wire]).1;
        let mut page = format!("# {}, written from {}\n", case.name, dialect.as_str());
        for to in Dialect::ALL {
            let written = rewritten(dialect, &wire, to);
            page += &format!("\n## {}\n\n```\n{}\n```\n", to.as_str(), shown(to, &written).trim_end());
            let difference = case::difference(&reply, &read(to, &[&written]).1);
            if !difference.is_empty() {
                page += &format!("\nUnderstood there as:\n\n```diff\n{difference}```\n");
            }
        }
        case.expect("written.md", &page, &mut wrong);
    }
    case::none(&wrong);
}

#[test]
fn written_and_read_again_they_are_the_same_answer() {
    let mut wrong = Vec::new();
    for case in case::all("streams") {
        for (dialect, text) in case.sources(ending) {
            let wire = wire(dialect, &text);
            let again = read(dialect, &[&rewritten(dialect, &wire, dialect)]).1;
            let difference = case::difference(&read(dialect, &[&wire]).1, &again);
            let file = format!("repaired.{}.diff", dialect.as_str());
            case.expect_difference(&file, &difference, &mut wrong);
        }
    }
    case::none(&wrong);
}

fn ending(dialect: Dialect) -> &'static str {
    match codec::of(dialect).framing() {
        Framing::Sse | Framing::JsonArray => "sse",
        Framing::Lines => "jsonl",
        Framing::AwsEvents | Framing::AwsChunks => "events",
    }
}

/// The bytes that a file stands for: the file, but binary events for `name {json}` lines.
fn wire(dialect: Dialect, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    if codec::of(dialect).framing() != Framing::AwsEvents {
        return text.as_bytes().to_vec();
    }
    for line in text.lines() {
        let (name, json) = line.split_once(' ').unwrap();
        match name.strip_prefix(aws_events::EXCEPTION) {
            Some(exception) => aws_events::write_exception(exception, json.as_bytes(), &mut out),
            None => aws_events::write_event(name, json.as_bytes(), &mut out),
        }
    }
    out
}

/// The other way round.
fn shown(dialect: Dialect, wire: &[u8]) -> String {
    if codec::of(dialect).framing() != Framing::AwsEvents {
        return String::from_utf8(wire.to_vec()).unwrap();
    }
    let mut out = String::new();
    let (_, fault) = Frames::new(Framing::AwsEvents).push(Bytes::copy_from_slice(wire), &mut |name, data| {
        out += &format!("{name} {}\n", String::from_utf8_lossy(data));
        Ok(true)
    });
    assert_eq!(fault, None);
    out
}

/// The events of a stream that comes in `pieces`, and the answer that they are.
fn read(dialect: Dialect, pieces: &[&[u8]]) -> (Vec<String>, String) {
    let mut events = Vec::new();
    let mut gatherer = Gatherer::new();
    let ended = each(dialect, pieces, &mut |event| {
        events.push(print_events::event(&event));
        gatherer.push(event);
    });
    let mut reply = gatherer.finish().map_or_else(|fault| failed(&fault), |reply| print::reply(&reply));
    if let Err(fault) = ended {
        events.push(failed(&fault));
        reply = failed(&fault);
    }
    (events, reply)
}

fn failed(fault: &Fault) -> String {
    format!("failed {}: {}\n", fault.kind.as_str(), fault.message).trim_end().to_owned()
}

fn each(dialect: Dialect, pieces: &[&[u8]], out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
    let codec = codec::of(dialect);
    let (mut frames, mut reader) = (Frames::new(codec.framing()), codec.read_stream());
    // What stands behind the end is nobody's, as in `flow`.
    let ended = std::cell::Cell::new(false);
    let mut push = |frames: &mut Frames, chunk: Bytes| {
        let (_, fault) = frames.push(chunk, &mut |name, data| match ended.get() {
            true => Ok(true),
            false => {
                let mut seen = |event: Event<'_>| {
                    ended.set(matches!(event, Event::End | Event::Error(_)));
                    out(event);
                };
                reader.frame(name, data, &mut seen).map(|()| true)
            }
        });
        fault.map_or(Ok(()), Err)
    };
    for piece in pieces {
        push(&mut frames, Bytes::copy_from_slice(piece))?;
    }
    let rest = frames.rest();
    push(&mut frames, rest)?;
    if ended.get() { Ok(()) } else { reader.end(out) }
}

/// The stream as a client of `to` gets it.
fn rewritten(from: Dialect, wire: &[u8], to: Dialect) -> Vec<u8> {
    let mut writer = codec::of(to).write_stream(&ABOUT);
    let mut out = Vec::new();
    if let Err(fault) = each(from, &[wire], &mut |event| writer.event(&event, &mut out)) {
        writer.event(&Event::Error(fault), &mut out);
    }
    out
}

#[test]
fn case_043_069_usage_is_told_to_those_who_asked() {
    let about = outrider::dialect::codec::About { usage_in_stream: false, ..ABOUT };
    for case in case::all("streams") {
        let (dialect, text) = case.sources(ending).swap_remove(0);
        let told = |about| {
            let mut writer = codec::of(Dialect::OpenAiChat).write_stream(about);
            let mut out = Vec::new();
            let _ = each(dialect, &[&wire(dialect, &text)], &mut |event| writer.event(&event, &mut out));
            String::from_utf8(out).unwrap().contains("\"usage\":{")
        };
        let events = read(dialect, &[&wire(dialect, &text)]).0;
        let counted = events.iter().any(|event| event.starts_with("usage ")) && events.last().unwrap() == "end";
        assert!(!told(&about), "{}: nobody asked", case.name);
        assert_eq!(told(&ABOUT), counted, "{}: it was asked for", case.name);
    }
}
