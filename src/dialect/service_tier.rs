//! The class of service that a request asks for, in whatever dialect.
//!
//! Only looked for where it makes a difference to what a call costs, and the answer does not tell it.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::canonical::{Service, Str};
use crate::dialect::json::Scan;
use crate::upstream::Body;

/// OpenAI's and Anthropic's name, Google's and Bedrock's.
const NAMES: [&str; 2] = ["service_tier", "serviceTier"];

/// The class; `None` where none is asked for, or whichever there is room for.
pub fn of(body: &Body) -> Option<Service> {
    let mut scan = Scan::new(&NAMES);
    let whole = body.slice(0, body.len());
    scan.push(&whole).ok()?;
    let found = scan.finish().ok()?;
    let value = NAMES.iter().find_map(|name| whole.get(found.get(name)?))?;
    let word = |text: &[u8]| {
        let word = serde_json::from_slice::<Str<'_>>(text).ok()?.to_ascii_lowercase();
        Service::read(word.strip_prefix("service_tier_").unwrap_or(&word))
    };
    word(value).or_else(|| {
        let object: HashMap<&str, &RawValue> = serde_json::from_slice(value).ok()?;
        word(object.get("type")?.get().as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn each_dialect_says_it_in_its_words() {
        for (body, expected) in [
            (r#"{"model":"m","service_tier":"flex"}"#, Some(Service::Flex)),
            (r#"{"service_tier":"default"}"#, Some(Service::Standard)),
            (r#"{"service_tier":"auto"}"#, None),
            (r#"{"serviceTier":"priority"}"#, Some(Service::Priority)),
            (r#"{"serviceTier":"SERVICE_TIER_FLEX"}"#, Some(Service::Flex)),
            (r#"{"serviceTier":{"type":"priority"}}"#, Some(Service::Priority)),
            (r#"{"serviceTier":{"type":7}}"#, None),
            (r#"{"service_tier":null}"#, None),
            (r#"{"messages":[{"service_tier":"flex"}]}"#, None),
            ("{", None),
        ] {
            assert_eq!(of(&Body::from(Bytes::from_static(body.as_bytes()))), expected, "{body}");
        }
    }
}
