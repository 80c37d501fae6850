//! Streams of InvokeModel, which carry a model's own events.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::canonical::{Fault, FaultKind, Str};

/// The type of the frames that carry them.
pub const CHUNK: &str = "chunk";

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    bytes: Str<'a>,
}

/// The model's own event, as JSON, that lies in the payload of a [`CHUNK`] frame.
pub fn unwrap_chunk(payload: &[u8]) -> Result<Vec<u8>, Fault> {
    let malformed = |detail: String| {
        Fault::new(FaultKind::Malformed, "a chunk of the provider's stream cannot be read").with_detail(detail)
    };
    let chunk: Chunk<'_> = serde_json::from_slice(payload).map_err(|error| malformed(error.to_string()))?;
    STANDARD.decode(chunk.bytes.as_bytes()).map_err(|error| malformed(error.to_string()))
}

/// The payload of a [`CHUNK`] frame that carries `event`.
pub fn wrap_chunk(event: &[u8]) -> Vec<u8> {
    let mut payload = String::with_capacity(event.len() / 3 * 4 + 20);
    payload.push_str(r#"{"bytes":""#);
    STANDARD.encode_string(event, &mut payload);
    payload.push_str("\"}");
    payload.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_116_an_event_lies_in_a_chunk() {
        let chunk = br#"{"bytes":"eyJhIjoxfQ==","p":"abcd"}"#;
        assert_eq!(unwrap_chunk(chunk).unwrap(), br#"{"a":1}"#);
        assert_eq!(wrap_chunk(br#"{"a":1}"#), br#"{"bytes":"eyJhIjoxfQ=="}"#);
        for broken in ["", "{}", r#"{"bytes":7}"#, r#"{"bytes":"*"}"#] {
            assert_eq!(unwrap_chunk(broken.as_bytes()).unwrap_err().kind, FaultKind::Malformed, "{broken}");
        }
    }
}
