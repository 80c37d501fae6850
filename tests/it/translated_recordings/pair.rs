//! One recording in one other dialect.

use bytes::Bytes;
use outrider::canonical::{Dialect, Fault, FaultKind, Gatherer, Reply, replay};
use outrider::dialect::codec::{self, About, Codec};
use outrider::dialect::flow::{Flow, Stream};
use outrider::dialect::frames::Frames;
use serde_json::Value;

use super::grammar;
use super::oracle::{self, Class, Said, frames};
use super::recorded::Recording;

/// What the writer knows of the call.
pub fn about(json_array: bool) -> About<'static> {
    About {
        id: "0123456789abcdef0123456789abcdef",
        created: 1_700_000_000,
        model: "asked-for",
        usage_in_stream: true,
        json_array,
        request: b"{}",
    }
}

/// Translates a recording, and compares what the translation says.
pub fn pair(recording: &Recording, meant: &Said, to: Dialect, mut random: fastrand::Rng) -> Result<(), String> {
    let json_array = random.bool();
    let said = if recording.stream {
        let written = translated(recording, to, json_array, &mut random).map_err(|fault| fault.to_string())?;
        read_stream(to, json_array, &written)?
    } else {
        let reply = codec::of(recording.dialect).read_reply(&recording.bytes).map_err(|fault| fault.to_string())?;
        read_whole(to, &codec::of(to).write_reply(&reply, &about(false)))?
    };
    compare(meant, &said, to)
}

/// The same for a client that asks for a stream of who gives a whole answer, or the other way round.
pub fn crossed(recording: &Recording, meant: &Said, to: Dialect) -> Result<(), String> {
    let from = codec::of(recording.dialect);
    let said = if recording.stream {
        let reply = gathered(from, &recording.bytes).map_err(|fault| fault.to_string())?;
        read_whole(to, &codec::of(to).write_reply(&reply, &about(false)))?
    } else {
        let reply = from.read_reply(&recording.bytes).map_err(|fault| fault.to_string())?;
        let mut writer = codec::of(to).write_stream(&about(false));
        let mut written = Vec::new();
        replay(&reply, &mut |event| writer.event(&event, &mut written));
        read_stream(to, false, &written)?
    };
    compare(meant, &said, to)
}

/// A stream made whole.
fn gathered(from: &dyn Codec, bytes: &Bytes) -> Result<Reply<'static>, Fault> {
    let (mut frames, mut reader, mut gatherer) = (Frames::new(from.framing()), from.read_stream(), Gatherer::new());
    let mut each = |name: &str, data: &[u8]| reader.frame(name, data, &mut |event| gatherer.push(event)).map(|()| true);
    frames.push(bytes.clone(), &mut each).1.map_or(Ok(()), Err)?;
    let rest = frames.rest();
    frames.push(rest, &mut each).1.map_or(Ok(()), Err)?;
    reader.end(&mut |event| gatherer.push(event))?;
    gatherer.finish()
}

fn read_whole(dialect: Dialect, written: &[u8]) -> Result<Said, String> {
    let document: Value = serde_json::from_slice(written).map_err(|e| e.to_string())?;
    grammar::whole(dialect, &document)?;
    Ok(oracle::whole(dialect, &document))
}

fn read_stream(dialect: Dialect, json_array: bool, written: &[u8]) -> Result<Said, String> {
    let documents = documents(dialect, json_array, written)?;
    grammar::stream(dialect, written, &documents)?;
    Ok(oracle::stream(dialect, &documents))
}

/// A recording that is no answer is not taken for one.
pub fn none(recording: &Recording, kind: FaultKind, random: &mut fastrand::Rng) {
    let fault = match recording.stream {
        true => translated(recording, recording.dialect, false, random).err(),
        false => codec::of(recording.dialect).read_reply(&recording.bytes).err(),
    };
    assert_eq!(fault.map(|fault| fault.kind), Some(kind), "{}", recording.id);
}

/// The stream in another dialect, from pieces cut at random.
pub fn translated(
    recording: &Recording,
    to: Dialect,
    json_array: bool,
    random: &mut fastrand::Rng,
) -> Result<Vec<u8>, Fault> {
    let mut flow = Stream::translated(codec::of(recording.dialect), codec::of(to), &about(json_array));
    let mut rest = recording.bytes.clone();
    let longest = *random.choice(&[7, 60, 400, 20_000]).unwrap();
    let mut written = Vec::new();
    while !rest.is_empty() {
        let piece = rest.split_to(random.usize(1..=longest.min(rest.len())));
        let pushed = flow.push(Bytes::copy_from_slice(&piece));
        written.extend_from_slice(&pushed.ready);
        pushed.fault.map_or(Ok(()), Err)?;
    }
    let pushed = flow.end();
    written.extend_from_slice(&pushed.ready);
    pushed.fault.map_or(Ok(written), Err)
}

/// The documents of a written stream, in the framing of the dialect.
pub fn documents(dialect: Dialect, json_array: bool, written: &[u8]) -> Result<Vec<Value>, String> {
    match dialect {
        Dialect::Gemini if json_array => frames::array(written),
        Dialect::Bedrock => frames::aws_events(written),
        Dialect::Ollama => frames::lines(written),
        _ => frames::sse(written),
    }
}

fn compare(meant: &Said, said: &Said, to: Dialect) -> Result<(), String> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, meant: String, said: String| {
        if meant != said {
            let same = meant.chars().zip(said.chars()).take_while(|(a, b)| a == b).count().saturating_sub(20);
            let part = |text: &str| text.chars().skip(same).take(90).collect::<String>();
            differences.push(format!("{what} at {same}: {:?} became {:?}", part(&meant), part(&said)));
        }
    };
    differ("text", meant.text.clone(), said.text.clone());
    differ("thoughts", meant.thoughts.clone(), said.thoughts.clone());
    let is_same_end = match meant.stop {
        // What has no common word may end in any that promises nothing.
        Class::Other => !matches!(said.stop, Class::Tools | Class::Length),
        // Ollama knows nothing of filters.
        Class::Filter if to == Dialect::Ollama => said.stop == Class::End,
        stop => said.stop == stop,
    };
    if !is_same_end {
        differ("stop", format!("{:?}", meant.stop), format!("{:?}", said.stop));
    }
    differ("usage", format!("{:?}", meant.usage), format!("{:?}", said.usage));
    let same = |((name, meant), (other, said)): (&(String, Value), &(String, Value))| {
        name == other && (meant == said || wrapped(meant, said))
    };
    if meant.tools.len() != said.tools.len() || !meant.tools.iter().zip(&said.tools).all(same) {
        differ("tools", format!("{:?}", meant.tools), format!("{:?}", said.tools));
    }
    for (meant, said) in meant.ids.iter().zip(&said.ids).filter(|(meant, said)| kept(meant) && !said.is_empty()) {
        differ("id", meant.clone(), said.clone());
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("; ")) }
}

/// Where a dialect only has objects for arguments, free text is the one member of one.
fn wrapped(meant: &Value, said: &Value) -> bool {
    let members = said.as_object().filter(|members| meant.is_string() && members.len() == 1);
    members.is_some_and(|members| members.values().next() == Some(meant))
}

/// An id that every dialect takes, and that may therefore not be changed: by it the client pairs the result.
fn kept(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=40).contains(&id.len()) && id.bytes().all(plain)
}
