//! How much to think, said to each provider in its own words, where all else of a request passes as it is.

use serde::Deserialize;

use super::json_out::Object;
use super::settings_in::{Reasoning, Said};
use super::settings_out;
use super::style::Style;
use crate::canonical::{Fault, Lost, Request, Str};
use crate::dialect::codec::Target;
use crate::dialect::wire::read_client;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Members<'a> {
    #[serde(borrow)]
    reasoning: Option<Reasoning<'a>>,
    #[serde(borrow)]
    reasoning_effort: Option<Str<'a>>,
    include_reasoning: Option<bool>,
}

/// The members of `target`'s dialect that say what `members` do; each, here as there, with a comma before it.
pub fn thinking(members: &[u8], target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    let document = [b"{", members.get(1..).unwrap_or_default(), b"}"].concat();
    let Members { reasoning, reasoning_effort: effort, include_reasoning } = read_client(&document)?;
    let said = Said { effort, reasoning, include_reasoning, ..Said::default() };
    let request = Request { reasoning: said.thinking(), ..Request::default() };
    let mut out = Vec::new();
    let mut body = Object::begin(&mut out);
    settings_out::write_thinking(&request, &Style::of(target), &mut body, lost);
    body.end();
    // Without its braces.
    Ok(match out.get(1..out.len() - 1) {
        Some(inner) if !inner.is_empty() => [b",", inner].concat(),
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::codec::Flavour;

    #[test]
    fn each_provider_has_its_own_words() {
        let check = |members: &str, model: &str, flavour: Flavour, expected: &str| {
            let mut lost = Lost::nothing();
            let written = thinking(members.as_bytes(), &Target { model, flavour }, &mut lost).unwrap();
            assert_eq!(std::str::from_utf8(&written).unwrap(), expected, "{members} for {model}");
        };
        let high = r#","reasoning":{"effort":"high"}"#;
        check(high, "gpt-5", Flavour::Vendor, r#","reasoning_effort":"high""#);
        check(high, "some", Flavour::Compatible, r#","reasoning_effort":"high""#);
        check(high, "m", Flavour::DeepSeek, r#","thinking":{"type":"enabled"}"#);
        check(high, "gpt-4o", Flavour::Vendor, "");
        check(r#","reasoning":{"enabled":false}"#, "gpt-5.1", Flavour::Vendor, r#","reasoning_effort":"none""#);
        check(r#","reasoning":{"max_tokens":2000}"#, "gpt-5", Flavour::Vendor, r#","reasoning_effort":"low""#);
        check(r#","include_reasoning":false"#, "gpt-5", Flavour::Vendor, "");
        let both = r#","reasoning":{"exclude":true},"reasoning_effort":"low""#;
        check(both, "gpt-5", Flavour::Vendor, r#","reasoning_effort":"low""#);
        let odd = thinking(
            br#","reasoning":{"effort":7}"#,
            &Target { model: "m", flavour: Flavour::Vendor },
            &mut Lost::nothing(),
        );
        assert!(odd.unwrap_err().message.starts_with("`reasoning.effort`: invalid type"));
    }
}
