//! Members found in chunks cut anywhere, and what is no JSON refused.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::brackets::MAX_DEPTH;
use super::*;

const WANTED: &[&str] = &["model", "stream", "a"];

/// Scans `text` in chunks of `size`.
fn scan(text: &[u8], size: usize) -> Result<Found, NotJson> {
    let mut scan = Scan::new(WANTED);
    for chunk in text.chunks(size.max(1)) {
        scan.push(chunk)?;
    }
    scan.finish()
}

/// Name, value, and whether it was repeated.
type Member<'a> = (&'a str, &'a str, bool);

/// The same for every way to cut: the wanted members that are there, or the error.
fn check(text: &str, expected: Result<&[Member<'_>], (usize, &str)>) {
    for size in 1..=text.len().max(1) {
        let got = scan(text.as_bytes(), size).map_err(|error| (error.at, error.what));
        let got = got.map(|found| {
            let member = |name: &'static str| Some((name, &text[found.get(name)?], found.repeated(name)));
            WANTED.iter().copied().filter_map(member).collect::<Vec<_>>()
        });
        assert_eq!(got, expected.map(<[_]>::to_vec), "{text:?} in chunks of {size}");
    }
}

#[test]
fn members_are_found_wherever_the_chunks_are_cut() {
    check("{}", Ok(&[]));
    check(" \t\r\n{ } \n", Ok(&[]));
    check("\u{feff}{\"a\":1}", Ok(&[("a", "1", false)]));
    check(r#"{"model":"gpt-5","stream":true}"#, Ok(&[("model", "\"gpt-5\"", false), ("stream", "true", false)]));
    check(r#"{ "a" : -1.5e+3 , "b":null }"#, Ok(&[("a", "-1.5e+3", false)]));
    check(
        r#"{"a":{"model":[{"x":"]}\\"}]},"model":""}"#,
        Ok(&[("model", "\"\"", false), ("a", r#"{"model":[{"x":"]}\\"}]}"#, false)]),
    );
    check(r#"{"x":"\\\"model\":\\","model":"a\\\"b\\\\"}"#, Ok(&[("model", r#""a\\\"b\\\\""#, false)]));
    check(r#"{"\u006dodel":1,"\\model":2,"mod\el":3}"#, Ok(&[("model", "1", false)]));
    check(r#"{"model":1,"a":[],"model":"é😀"}"#, Ok(&[("model", "\"é😀\"", true), ("a", "[]", false)]));
}

#[test]
fn what_is_not_json_is_refused_at_its_place() {
    for (text, at, what) in [
        ("", 0, "there is nothing"),
        ("  ", 2, "there is nothing"),
        ("[]", 0, "expected an object"),
        ("\"model\"", 0, "expected an object"),
        ("model=x", 0, "expected an object"),
        (" \u{feff}{}", 1, "expected an object"),
        ("{", 1, "it ends too early"),
        ("{\"a", 3, "it ends too early"),
        ("{\"a\":\"\\\"}", 9, "it ends too early"),
        ("{\"a\":1", 6, "it ends too early"),
        ("{\"a\":[{\"b\":1}", 13, "it ends too early"),
        ("{,}", 1, "expected a member's name in double quotes"),
        ("{a:1}", 1, "expected a member's name in double quotes"),
        ("{\"a\":1,}", 7, "expected a member's name in double quotes"),
        ("{\"a\" 1}", 5, "expected a colon"),
        ("{\"a\":}", 5, "expected a value"),
        ("{\"a\":'b'}", 5, "expected a value"),
        ("{\"a\":1 2}", 7, "expected a comma or the end of the object"),
        ("{\"a\":\"b\"\"c\"}", 8, "expected a comma or the end of the object"),
        ("{\"a\":[1}}", 7, "this bracket closes another kind"),
        ("{\"a\":{\"b\":1]}", 11, "this bracket closes another kind"),
        ("{\"a\":[@]}", 6, "this cannot stand outside of a string"),
        ("{}x", 2, "something follows the object"),
        ("{} {}", 3, "something follows the object"),
    ] {
        check(text, Err((at, what)));
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(scan(nested(MAX_DEPTH).as_bytes(), 7).is_ok());
    let error = scan(nested(MAX_DEPTH + 1).as_bytes(), 7).unwrap_err();
    assert_eq!(error, NotJson { at: 5 + MAX_DEPTH, what: "nested too deeply" });
}

#[test]
fn a_name_of_a_megabyte_is_not_kept() {
    let text = format!("{{\"{}\":1,\"model\":2}}", "a".repeat(1 << 20));
    let mut scan = Scan::new(WANTED);
    text.as_bytes().chunks(1000).for_each(|chunk| scan.push(chunk).unwrap());
    assert!(scan.name.capacity() <= LONGEST_NAME);
    assert!(scan.finish().unwrap().get("model").is_some());
}

/// Documents made at random from a fixed seed, also damaged: we find what serde_json finds, and refuse nothing
/// that it takes.
#[test]
fn agrees_with_serde_json() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut valid = 0;
    for _ in 0..2000 {
        let mut text = String::from("{");
        for n in 0..random.usize(..5) {
            let comma = if n > 0 { "," } else { "" };
            let name = random.choice(["model", "stream", "a", "b", "\\u0061"]).unwrap();
            text += &format!("{comma} \"{name}\" :{} ", value(&mut random, 3));
        }
        text.push('}');
        let mut bytes = text.into_bytes();
        if random.bool() {
            let at = random.usize(..bytes.len());
            bytes[at] = *random.choice(b"{}[]\",:\\ x1").unwrap();
        }
        let parsed: Result<BTreeMap<String, Box<RawValue>>, _> = serde_json::from_slice(&bytes);
        let found = scan(&bytes, random.usize(1..20));
        let Ok(parsed) = parsed else { continue };
        valid += 1;
        let found = found.unwrap_or_else(|e| panic!("{e:?} in {}", String::from_utf8_lossy(&bytes)));
        for name in WANTED {
            let ours = found.get(name).map(|range| std::str::from_utf8(&bytes[range]).unwrap());
            assert_eq!(ours, parsed.get(*name).map(|raw| raw.get()), "{}", String::from_utf8_lossy(&bytes));
        }
    }
    assert!(valid > 500, "only {valid} documents survived their damage");
}

fn value(random: &mut fastrand::Rng, depth: usize) -> String {
    match random.usize(..if depth == 0 { 3 } else { 5 }) {
        0 => random.choice(["null", "true", "false", "0", "-1.5E-7"]).unwrap().to_string(),
        1 => random.choice([r#""""#, r#""\"""#, r#""\\""#, r#""\n\\\"}""#, "\"é\\u00e9{[\""]).unwrap().to_string(),
        2 => format!("\"{}\"", "x ".repeat(random.usize(..40))),
        3 => {
            let items: Vec<_> = (0..random.usize(..4)).map(|_| value(random, depth - 1)).collect();
            format!("[{}]", items.join(" ,\n"))
        }
        _ => {
            let items: Vec<_> =
                (0..random.usize(..4)).map(|n| format!("\"k{n}\": {}", value(random, depth - 1))).collect();
            format!("{{{}}}", items.join(","))
        }
    }
}
