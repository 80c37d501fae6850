//! Events within events: what InvokeModel streams is a model's own event, in base64, in one of AWS's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::canonical::{Fault, FaultKind, Str};

/// The type of the frames that carry them.
pub const TYPE: &str = "chunk";

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    bytes: Str<'a>,
}

/// The model's own event, as JSON, that lies in the payload of such a frame.
pub fn unwrap(payload: &[u8]) -> Result<Vec<u8>, Fault> {
    let malformed = |detail: String| {
        Fault::new(FaultKind::Malformed, "a chunk of the provider's stream cannot be read").with_detail(detail)
    };
    let chunk: Chunk<'_> = serde_json::from_slice(payload).map_err(|error| malformed(error.to_string()))?;
    STANDARD.decode(chunk.bytes.as_bytes()).map_err(|error| malformed(error.to_string()))
}

/// Appends a frame that carries `event`.
pub fn write(event: &[u8], out: &mut Vec<u8>) {
    super::write_event_with(TYPE, out, |out| {
        out.extend_from_slice(br#"{"bytes":""#);
        out.extend_from_slice(STANDARD.encode(event).as_bytes());
        out.extend_from_slice(b"\"}");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_116_an_event_lies_in_a_chunk() {
        let chunk = br#"{"bytes":"eyJhIjoxfQ==","p":"abcd"}"#;
        assert_eq!(unwrap(chunk).unwrap(), br#"{"a":1}"#);
        let mut out = Vec::new();
        write(br#"{"a":1}"#, &mut out);
        let frame = super::super::Event::read(&out);
        assert_eq!((frame.event_type, frame.payload), (TYPE, &br#"{"bytes":"eyJhIjoxfQ=="}"#[..]));
        for broken in ["", "{}", r#"{"bytes":7}"#, r#"{"bytes":"*"}"#] {
            assert_eq!(unwrap(broken.as_bytes()).unwrap_err().kind, FaultKind::Malformed, "{broken}");
        }
    }
}
