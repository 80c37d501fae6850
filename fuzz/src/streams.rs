//! A provider's stream: read, however it is cut, and written for every client.

use bytes::Bytes;

use crate::canonical::{Dialect, Event, Fault, Gatherer, StreamReader};
use crate::dialect::codec::{self, About, Codec};
use crate::dialect::doors::Operation;
use crate::dialect::flow::{Flow, Stream};
use crate::dialect::frames::Frames;
use crate::dialect::openai_chat::StreamWatch;
use crate::events::Grammar;
use crate::written::{self, ABOUT};
use crate::{chance, framings, replies};

/// One stream, in its framing. Bedrock's is one frame a line, its name before its document: a fuzzer would never hit
/// upon the checksums of the real one, which has a target of its own.
pub fn check(data: &[u8], dialect: Dialect) {
    let data = Bytes::from(if dialect == Dialect::Bedrock { framings::from_lines(data) } else { data.to_vec() });
    let mut random = chance(&data);
    let longest = [1, 7, 60, 400][random.usize(..4)];
    let pieces = framings::cut(&data, longest, &mut random);
    let (whole, cut) = (events(dialect, &[data.clone()]), events(dialect, &pieces));
    assert_eq!(whole.told, cut.told, "the events depend on the cuts");
    if let Some(fault) = &whole.fault {
        written::told(fault);
    }
    if let Ok(reply) = whole.gatherer.finish() {
        replies::everywhere(&reply, data.len());
    }
    for to in Dialect::ALL {
        let json_array = to == Dialect::Gemini && random.bool();
        let about = About { json_array, ..ABOUT };
        let flow = || Stream::translated(codec::of(dialect), codec::of(to), &about);
        let written = sent(flow(), &[data.clone()]);
        assert_eq!(written, sent(flow(), &pieces), "the translation depends on the cuts");
        written::frames(to, json_array, &written);
        written::proportion(written.len(), data.len());
    }
    native(dialect, &data, &pieces);
    if dialect == Dialect::OpenAiChat {
        watched(&data, &pieces);
    }
}

/// What is read of a stream.
struct Read {
    told: String,
    fault: Option<Fault>,
    gatherer: Gatherer,
}

/// Reads a stream to its end or its first fault, holding each event against the grammar.
fn events(dialect: Dialect, pieces: &[Bytes]) -> Read {
    let codec = codec::of(dialect);
    let (mut frames, mut reader) = (Frames::new(codec.framing()), codec.read_stream());
    let (mut grammar, mut gatherer, mut told) = (Grammar::default(), Gatherer::new(), String::new());
    let mut last = false;
    let mut event = |event: Event<'_>| {
        last |= matches!(event, Event::Error(_) | Event::End);
        grammar.event(&event);
        told.push_str(&format!("{event:?}\n"));
        gatherer.push(event);
        last
    };
    let mut over = false;
    let mut fault = None;
    let mut push = |chunk: Bytes, frames: &mut Frames, over: &mut bool, fault: &mut Option<Fault>| {
        let (_, found) = frames.push(chunk, &mut |name, data| {
            if *over {
                return Ok(true); // as `Flow` does
            }
            reader.frame(name, data, &mut |next| *over |= event(next)).map(|()| true)
        });
        *fault = fault.take().or(found);
    };
    for piece in pieces {
        if fault.is_none() {
            push(piece.clone(), &mut frames, &mut over, &mut fault);
        }
    }
    if fault.is_none() {
        let rest = frames.rest();
        push(rest, &mut frames, &mut over, &mut fault);
    }
    if fault.is_none() && !over {
        fault = reader.end(&mut |next| over |= event(next)).err();
        assert!(fault.is_some() || over, "neither an end nor a fault");
    }
    told.push_str(&format!("{fault:?}"));
    Read { told, fault, gatherer }
}

/// Chat's own stream is only looked into on its way: events pass as they came, in their order, however it is cut.
fn watched(data: &Bytes, pieces: &[Bytes]) {
    for operation in [Operation::Chat, Operation::Completions] {
        let whole = sent(StreamWatch::new(operation, false), std::slice::from_ref(data));
        assert_eq!(whole, sent(StreamWatch::new(operation, false), pieces), "what passes depends on the cuts");
        let (mut flow, mut passed) = (StreamWatch::new(operation, true), Vec::new());
        for piece in pieces {
            passed.extend_from_slice(&flow.push(piece.clone()).ready);
        }
        let codec = codec::of(Dialect::OpenAiChat);
        let came = frames(codec, data);
        let mut came = came.iter();
        let all = frames(codec, &passed.clone().into()).iter().all(|frame| came.any(|other| other == frame));
        assert!(all && (flow.skipped() > 0 || data.starts_with(&passed)), "other bytes are forwarded than came");
    }
}

/// Everything that a client is sent; an error in the place of what is missing.
fn sent(mut flow: impl Flow, pieces: &[Bytes]) -> Vec<u8> {
    let mut sent = Vec::new();
    let mut pushed = Default::default();
    for piece in pieces {
        pushed = flow.push(piece.clone());
        sent.extend_from_slice(&pushed.ready);
        if pushed.fault.is_some() {
            break;
        }
    }
    if pushed.fault.is_none() {
        pushed = flow.end();
        sent.extend_from_slice(&pushed.ready);
    }
    if let Some(fault) = &pushed.fault {
        sent.extend_from_slice(&flow.fail(fault));
    }
    sent
}

/// What is forwarded as it is, is what came: all of it, or its beginning up to a fault.
fn native(dialect: Dialect, data: &Bytes, pieces: &[Bytes]) {
    for kept in [false, true] {
        let mut flow = Stream::native(codec::of(dialect), &ABOUT, kept);
        let mut sent = Vec::new();
        for piece in pieces {
            let pushed = flow.push(piece.clone());
            sent.extend_from_slice(&pushed.ready);
            if pushed.fault.is_some() {
                break;
            }
        }
        if flow.skipped() == 0 {
            assert!(data.starts_with(&sent), "other bytes are forwarded than came");
        } else {
            left_out(dialect, data, &sent.into());
        }
    }
}

/// Frames that nobody can read are left out where those behind them are good: what was sent is the others, in their
/// order, and says what they say.
fn left_out(dialect: Dialect, data: &Bytes, sent: &Bytes) {
    let codec = codec::of(dialect);
    let (came, went) = (frames(codec, data), frames(codec, sent));
    let (mut of_came, mut of_went, mut over) = (codec.read_stream(), codec.read_stream(), false);
    let mut went = went.iter();
    for frame in &came {
        if went.len() == 0 {
            return; // not complete, or behind a fault
        }
        // Nothing is read behind the end.
        let read = |reader: &mut dyn StreamReader| if over { Ok(String::new()) } else { one(reader, frame) };
        match read(of_came.as_mut()) {
            Ok(told) => {
                assert_eq!(went.next(), Some(frame), "another frame is forwarded than came");
                assert_eq!(read(of_went.as_mut()).as_ref(), Ok(&told), "what was left out changes what is read");
                over |= told.lines().any(|event| event == "End" || event.starts_with("Error("));
            }
            Err(told) => assert_eq!(told, "", "a frame is left out that said something"),
        }
    }
    assert_eq!(went.next(), None, "more is forwarded than came");
}

/// All frames, with their names.
fn frames(codec: &dyn Codec, data: &Bytes) -> Vec<(String, Vec<u8>)> {
    let (mut cut, mut all) = (Frames::new(codec.framing()), Vec::new());
    let mut each = |name: &str, data: &[u8]| {
        all.push((name.to_owned(), data.to_vec()));
        Ok(true)
    };
    cut.push(data.clone(), &mut each);
    all
}

/// What a frame says; or what it said until it turned out that it cannot be read.
fn one(reader: &mut dyn StreamReader, (name, data): &(String, Vec<u8>)) -> Result<String, String> {
    let mut told = String::new();
    match reader.frame(name, data, &mut |event| told.push_str(&format!("{event:?}\n"))) {
        Ok(()) => Ok(told),
        Err(_) => Err(told),
    }
}
