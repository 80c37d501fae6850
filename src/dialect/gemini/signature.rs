//! `thoughtSignature`, which Google's clients hold to be base64.
//!
//! So a foreign signature on its way through such a client is coded once more: some of them decode the value when they
//! read the answer, and refuse what they cannot.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};

use crate::canonical::{Dialect, Signature, Str};

/// What Google documents for a call whose signature is not known: it is then not asked for. Only Gemini 3 and newer
/// ask at all.
pub(super) const DUMMY: &str = "skip_thought_signature_validator";

/// How a tagged foreign signature begins once it is coded: the base64 of the tag's first nine bytes.
const TAGGED: &str = "fm91dHJpZGVy";

/// Behind a foreign value that is all there is of a hidden thought: other dialects have to know it from the proof of
/// one that is only not shown.
const HIDDEN: &str = "#hidden";

/// The signature that a part carries; `None` for an empty one.
pub(super) fn read(value: Str<'_>) -> Option<Signature<'_>> {
    read_thought(value).0
}

/// The signature that a thought carries, and whether that is all there is of a hidden one.
pub(super) fn read_thought(value: Str<'_>) -> (Option<Signature<'_>>, bool) {
    if value.is_empty() || value == DUMMY {
        return (None, false);
    }
    if value.starts_with(TAGGED)
        && let Some(mut tagged) = decode(&value)
    {
        let hidden = tagged.ends_with(HIDDEN);
        if hidden {
            tagged.truncate(tagged.len() - HIDDEN.len());
        }
        return (Some(Signature::untag(Dialect::Gemini, tagged.into())), hidden);
    }
    (Some(Signature::new(Dialect::Gemini, value)), false)
}

/// The signature as a client of this dialect is given it; `hidden`: of a thought that is nothing else.
pub(super) fn for_client<'s>(signature: &'s Signature<'_>, hidden: bool) -> Str<'s> {
    if signature.from == Dialect::Gemini {
        return signature.value.borrowed();
    }
    let mut tagged = signature.tagged(Dialect::Gemini).into_owned().0.into_owned();
    tagged.push_str(if hidden { HIDDEN } else { "" });
    BASE64_STANDARD.encode(tagged).into()
}

/// The signature as Google may be sent it.
pub(super) fn for_provider<'s>(signature: &'s Option<Signature<'_>>) -> Option<&'s str> {
    signature.as_ref().filter(|signature| signature.from == Dialect::Gemini).map(|signature| signature.value.as_str())
}

fn decode(value: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(value).or_else(|_| BASE64_URL_SAFE.decode(value)).ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_127_foreign_signatures_travel_as_base64() {
        let foreign = Signature::new(Dialect::Anthropic, "EqoB/x+=");
        let written = for_client(&foreign, false);
        assert!(written.starts_with(TAGGED) && BASE64_STANDARD.decode(written.as_bytes()).is_ok());
        assert_eq!(read(written.borrowed()), Some(foreign.clone()));
        assert_eq!(read_thought(for_client(&foreign, true)), (Some(foreign.clone()), true));
        assert_eq!(for_provider(&Some(foreign)), None);
        let own = Signature::new(Dialect::Gemini, "CuUG");
        assert_eq!(for_client(&own, false), "CuUG");
        assert_eq!(read("CuUG".into()), Some(own.clone()));
        assert_eq!(for_provider(&Some(own)), Some("CuUG"));
        assert_eq!(read("".into()), None);
        assert_eq!(read(DUMMY.into()), None);
    }
}
