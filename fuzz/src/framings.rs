//! How streams are cut into frames: the same however they are cut into chunks, and as a plain reading of the whole says.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::chance;
use crate::dialect::aws_events;
use crate::dialect::codec::Framing;
use crate::dialect::frames::Frames;

/// The frames' names and data.
type All = Vec<(String, Vec<u8>)>;

/// Server-sent events.
pub fn sse(data: &[u8]) {
    assert_eq!(frames(data, Framing::Sse).0, plain_sse(data));
}

/// One JSON array, or server-sent events.
pub fn json_array(data: &[u8]) {
    let (frames, fault) = frames(data, Framing::JsonArray);
    let plain: Result<Vec<&RawValue>, _> = serde_json::from_slice(data);
    let Ok(elements) = plain else { return };
    if elements.iter().all(|element| element.get().starts_with('{')) {
        assert!(!fault, "a list of objects is refused");
        let elements = elements.into_iter().map(|element| (String::new(), element.get().as_bytes().to_vec()));
        assert_eq!(frames, elements.collect::<All>());
    } else {
        assert!(fault, "a list of other things is taken");
    }
}

/// One document a line.
pub fn lines(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    assert_eq!(frames(data, Framing::Lines).0, lines.map(|line| (String::new(), line.to_vec())).collect::<All>());
}

/// AWS's binary frames, once with their checksums as they are, and once with right ones: no mutation would hit them.
pub fn aws_events(data: &[u8]) {
    frames(data, Framing::AwsEvents);
    frames(&with_sums(data), Framing::AwsEvents);
}

/// Frames from one name and document a line, a space between them; `exception:` may be before the name.
pub fn from_lines(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(line);
        let Some((name, json)) = line.split_once(' ').filter(|(name, _)| name.len() < 100) else { continue };
        match name.strip_prefix(aws_events::EXCEPTION) {
            Some(name) => aws_events::write_exception(name, json.as_bytes(), &mut out),
            None => aws_events::write_event(name, json.as_bytes(), &mut out),
        }
    }
    out
}

/// Pieces of up to `longest` bytes.
pub fn cut(data: &Bytes, longest: usize, random: &mut fastrand::Rng) -> Vec<Bytes> {
    let mut rest = data.clone();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        pieces.push(rest.split_to(random.usize(1..=longest.min(rest.len()))));
    }
    pieces
}

/// The frames, and whether there is a fault behind them; held against those of the same bytes in pieces.
fn frames(data: &[u8], framing: Framing) -> (All, bool) {
    let data = Bytes::copy_from_slice(data);
    let mut random = chance(&data);
    let longest = [1, 2, 5, 100][random.usize(..4)];
    let whole = read(std::slice::from_ref(&data), framing);
    let pieces = cut(&data, longest, &mut random);
    assert_eq!(whole, read(&pieces, framing), "the frames depend on the cuts: {pieces:?}");
    whole
}

fn read(pieces: &[Bytes], framing: Framing) -> (All, bool) {
    let (mut frames, mut all, mut good) = (Frames::new(framing), Vec::new(), Vec::new());
    let mut each = |name: &str, data: &[u8]| {
        all.push((name.to_owned(), data.to_vec()));
        Ok(true)
    };
    let mut failed = false;
    for piece in pieces {
        let (bytes, fault) = frames.push(piece.clone(), &mut each);
        good.extend_from_slice(&bytes);
        failed |= fault.is_some();
    }
    assert!(pieces.concat().starts_with(&good), "other bytes are given back than came");
    let rest = frames.rest();
    let failed = failed || frames.push(rest, &mut each).1.is_some();
    (all, failed)
}

/// The standard's own words: a byte order mark at the beginning, lines, fields, an event at each blank line.
fn plain_sse(data: &[u8]) -> All {
    let (mut all, mut name, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    // A blank line at the end: what was not completed may still be a frame.
    let text = [data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data), b"\n\n"].concat();
    let mut rest = &text[..];
    while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        let line = &rest[..end];
        let feeds = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[end + feeds..];
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = colon.map_or((line, &b""[..]), |colon| (&line[..colon], &line[colon + 1..]));
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => name = value.to_vec(),
            b"data" => lines.push(value.to_vec()),
            _ => {}
        }
        if line.is_empty() {
            let name = String::from_utf8(std::mem::take(&mut name)).unwrap_or_default();
            if !lines.is_empty() {
                all.push((name, lines.join(&b'\n')));
            }
            lines.clear();
        }
    }
    all
}

/// The same bytes with the checksums that their lengths ask for.
fn with_sums(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    let mut rest = &mut data[..];
    while let Some((prelude, _)) = rest.split_first_chunk::<8>() {
        let total = u32::from_be_bytes([prelude[0], prelude[1], prelude[2], prelude[3]]) as usize;
        if total < 16 || total > rest.len() {
            break;
        }
        let (frame, behind) = rest.split_at_mut(total);
        let sum = crc32fast::hash(&frame[..8]);
        frame[8..12].copy_from_slice(&sum.to_be_bytes());
        let sum = crc32fast::hash(&frame[..total - 4]);
        frame[total - 4..].copy_from_slice(&sum.to_be_bytes());
        rest = behind;
    }
    data
}
