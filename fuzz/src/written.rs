//! What must be true of everything that is written, in any dialect.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::canonical::{Dialect, Fault};
use crate::dialect::codec::{self, About, Framing};
use crate::dialect::frames::Frames;

/// What the writer knows of the call.
pub const ABOUT: About<'static> = About {
    id: "0123456789abcdef0123456789abcdef",
    created: 1_700_000_000,
    model: "asked-for",
    usage_in_stream: true,
    json_array: false,
    request: b"{}",
};

/// A document of ours is a JSON object, and not out of proportion to the `input` bytes that it came from: members may
/// be spelled out that were left out, but nothing comes twice without an end.
pub fn document(bytes: &[u8], input: usize) {
    let json: Result<&RawValue, _> = serde_json::from_slice(bytes);
    let json = json.unwrap_or_else(|error| panic!("no JSON was written: {error}: {}", show(bytes)));
    assert!(json.get().starts_with('{'), "no object was written: {}", show(bytes));
    proportion(bytes.len(), input);
}

/// So much may be written for an input.
pub fn proportion(written: usize, input: usize) {
    assert!(written <= 16_384 + 128 * input, "{written} bytes were written for {input}");
}

/// A fault can be told to the client of every dialect, with a status that says error.
pub fn told(fault: &Fault) {
    for dialect in Dialect::ALL {
        let codec = codec::of(dialect);
        let (status, body) = codec.write_error(fault);
        assert!(status.is_client_error() || status.is_server_error(), "{status} for {fault}");
        let sizes = fault.message.len() + fault.original.as_ref().map_or(0, |original| original.body.len());
        document(&body, sizes);
        if let Some((_, value)) = codec.error_header(fault) {
            http::HeaderValue::from_str(value).expect("a header's value");
        }
        let mut stream = Vec::new();
        codec.write_stream(&ABOUT).event(&crate::canonical::Event::Error(fault.clone()), &mut stream);
        frames(dialect, false, &stream);
    }
}

/// The names and documents of the frames of a stream that was written; panics where it is not a good one.
pub fn frames(dialect: Dialect, json_array: bool, written: &[u8]) -> Vec<(String, Vec<u8>)> {
    let framing = if json_array { Framing::JsonArray } else { codec::of(dialect).framing() };
    let mut cut = Frames::new(framing);
    let mut all = Vec::new();
    let (good, fault) = cut.push(Bytes::copy_from_slice(written), &mut |name, data| {
        all.push((name.to_owned(), data.to_vec()));
        Ok(true)
    });
    assert!(fault.is_none(), "a stream that cannot be cut into frames: {fault:?}: {}", show(written));
    assert_eq!(good.len(), written.len(), "the last frame is not complete: {}", show(written));
    for (_, data) in &all {
        let json: Result<&RawValue, _> = serde_json::from_slice(data);
        assert!(json.is_ok() || data == b"[DONE]", "a frame that is no JSON: {}", show(data));
    }
    all
}

/// Two documents that were written say the same, whatever the order of their members.
pub fn same(first: &[u8], second: &[u8]) {
    // What is nested too deeply for a tree is compared as it stands.
    let tree = |bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    let same = first == second || tree(first).is_some_and(|first| Some(first) == tree(second));
    assert!(same, "it is not the same when it is read and written again:\n{}\n{}", show(first), show(second));
}

/// Bytes for a message of a panic.
pub fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
