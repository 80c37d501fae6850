//! What a provider answers, by what the user said: every vendor's SDK plays the same scenes.

use super::voice::{Part, Said};

/// The thoughts before a call, and their proof.
pub const THOUGHTS: &str = "The user wants weather";
/// Of the alphabet that every vendor's signatures are in.
pub const SIGNATURE: &str = "c2lnbmF0dXJlIG9mIHRoZSBwcm92aWRlcg==";

const PARIS: Part = Part::Call("call_1", "weather", r#"{"city":"Paris"}"#);
const ROME: Part = Part::Call("call_2", "weather", r#"{"city":"Rome"}"#);

/// The answer to a request that contains `said`.
pub fn answer(said: &str) -> Said {
    let told = said.contains("sunny");
    match said {
        _ if said.contains("ponder") && !told => Said::new([Part::Thought(THOUGHTS, SIGNATURE), PARIS]),
        _ if said.contains("both weathers") && !told => Said::new([PARIS, ROME]),
        _ if said.contains("weather") && !told => Said::new([PARIS]),
        _ if said.contains("as json") => Said::text(r#"{"city": "Paris", "degrees": 21}"#),
        _ if said.contains("again") => Said { cached: 1024, input: 1033, ..Said::text("Hello there") },
        _ => Said::text("Hello there"),
    }
}
