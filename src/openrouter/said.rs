//! Members of a request, read with their place at hand for who wrote them.

use serde::Deserialize;

use crate::canonical::{Fault, FaultKind};

/// The value of the member at `place`.
pub(super) fn read<'a, T: Deserialize<'a>>(place: &str, raw: &'a [u8]) -> Result<T, Fault> {
    let mut reader = serde_json::Deserializer::from_slice(raw);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let below = match error.path().to_string() {
            top if top == "." => String::new(),
            index if index.starts_with('[') => index,
            member => format!(".{member}"),
        };
        // The place is told; a line and a column of a piece would only mislead.
        let what = error.inner().to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        wrong(&format!("{place}{below}"), what)
    })
}

/// What is wrong with the member at `place`.
pub(super) fn wrong(place: &str, what: &str) -> Fault {
    Fault::new(FaultKind::BadRequest, format!("`{place}`: {what}"))
}
