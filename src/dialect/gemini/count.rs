//! `countTokens`.

use serde::Deserialize;

use super::out::Object;
use super::wire::Num;
use crate::canonical::{Fault, FaultKind};
use crate::dialect::error;
use crate::dialect::wire::read_provider;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    #[serde(alias = "total_tokens")]
    total_tokens: Option<Num>,
    error: Option<serde::de::IgnoredAny>,
}

/// How many tokens a provider's reply says.
pub(super) fn read_token_count(body: &[u8]) -> Result<u64, Fault> {
    let counted: Counted = read_provider(body)?;
    if counted.error.is_some() {
        return Err(error::in_band(body));
    }
    let count = counted.total_tokens.as_ref().and_then(Num::count);
    count.ok_or_else(|| Fault::new(FaultKind::Empty, "the provider did not say how many tokens there are"))
}

/// The reply body that says `tokens`.
pub(super) fn write_token_count(tokens: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    object.number("totalTokens", tokens);
    object.end();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_and_written() {
        assert_eq!(read_token_count(br#"{"totalTokens": 7, "promptTokensDetails": []}"#).unwrap(), 7);
        assert_eq!(read_token_count(&write_token_count(1 << 40)).unwrap(), 1 << 40);
        assert_eq!(read_token_count(b"{}").unwrap_err().kind, FaultKind::Empty);
        assert_eq!(read_token_count(br#"{"error":{"code":429}}"#).unwrap_err().kind, FaultKind::RateLimited);
        assert_eq!(read_token_count(b"[").unwrap_err().kind, FaultKind::Malformed);
    }
}
