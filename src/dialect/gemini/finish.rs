//! Why an answer ended.

use super::wire::Word;
use crate::canonical::{Stop, StopReason, Str};

/// The words, and what each means. First the word that is written for a reason.
const REASONS: &[(&str, StopReason)] = &[
    ("STOP", StopReason::End),
    ("MAX_TOKENS", StopReason::Length),
    ("SAFETY", StopReason::Filtered),
    ("RECITATION", StopReason::Filtered),
    ("LANGUAGE", StopReason::Filtered),
    ("BLOCKLIST", StopReason::Filtered),
    ("PROHIBITED_CONTENT", StopReason::Filtered),
    ("SPII", StopReason::Filtered),
    ("MODEL_ARMOR", StopReason::Filtered),
    ("IMAGE_SAFETY", StopReason::Filtered),
    ("IMAGE_PROHIBITED_CONTENT", StopReason::Filtered),
    ("IMAGE_RECITATION", StopReason::Filtered),
    ("MALFORMED_FUNCTION_CALL", StopReason::Broken),
    ("UNEXPECTED_TOOL_CALL", StopReason::Broken),
    ("TOO_MANY_TOOL_CALLS", StopReason::Broken),
    ("MISSING_THOUGHT_SIGNATURE", StopReason::Broken),
    ("MALFORMED_RESPONSE", StopReason::Broken),
    ("OTHER", StopReason::End),
    ("IMAGE_OTHER", StopReason::Filtered),
    ("NO_IMAGE", StopReason::Filtered),
    ("ESCALATION", StopReason::End),
];

/// The words in the order of their numbers, as Vertex counts them: only its clients ask for numbers.
const NUMBERED: [&str; 17] = [
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
    "MODEL_ARMOR",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "IMAGE_OTHER",
    "UNEXPECTED_TOOL_CALL",
    "NO_IMAGE",
];

const BLOCKS: [&str; 8] =
    ["", "SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "MODEL_ARMOR", "JAILBREAK"];

/// What a `finishReason` means; `None` where it is not said yet. Google has no word for an answer that waits for
/// functions.
pub(super) fn read<'a>(reason: Option<Word<'a>>, message: Option<Str<'a>>, called: bool) -> Option<Stop<'a>> {
    let native = reason?.name(&NUMBERED);
    if native.is_empty() || native == "FINISH_REASON_UNSPECIFIED" {
        return None;
    }
    let reason =
        REASONS.iter().find(|(word, _)| native.eq_ignore_ascii_case(word)).map_or(StopReason::End, |(_, r)| *r);
    let mut stop = Stop::new(waiting(reason, called), native);
    stop.explanation = message;
    Some(stop)
}

/// An answer that came to its end and asked for a function waits for it.
pub(super) fn waiting(reason: StopReason, called: bool) -> StopReason {
    if reason == StopReason::End && called { StopReason::ToolCalls } else { reason }
}

/// The model holds it for a good end; with nothing said, that is no answer.
pub(super) fn is_plain(stop: &Stop<'_>) -> bool {
    stop.reason == StopReason::End && stop.native.as_deref().is_none_or(|native| native.eq_ignore_ascii_case("STOP"))
}

/// The stop of an answer that was not given, because of what was asked.
pub(super) fn blocked<'a>(feedback: super::wire::Feedback<'a>) -> Option<Stop<'a>> {
    let native = feedback.block_reason?.name(&BLOCKS);
    if native.is_empty() || native == "BLOCK_REASON_UNSPECIFIED" {
        return None;
    }
    let mut stop = Stop::new(StopReason::Filtered, native);
    stop.explanation = feedback.block_reason_message;
    Some(stop)
}

/// The word for a stop: Google's own if it was Google's.
pub(super) fn write(stop: &Stop<'_>) -> &'static str {
    let reason = match stop.reason {
        StopReason::End | StopReason::Sequence | StopReason::ToolCalls | StopReason::Paused => StopReason::End,
        other => other,
    };
    let mut words = REASONS.iter().filter(|(_, meaning)| *meaning == reason).map(|(word, _)| *word);
    let native = stop.native.as_deref().unwrap_or_default();
    words.clone().find(|word| *word == native).or_else(|| words.next()).unwrap_or("OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_098_every_finish_reason_means_something() {
        use StopReason::*;
        let check = |word: &'static str, called, reason| {
            let stop = read(Some(Word::Name(word.into())), None, called).unwrap();
            assert_eq!((stop.reason, stop.native.as_deref()), (reason, Some(word)));
            assert_eq!(write(&stop), if word == "STRANGE" { "STOP" } else { word });
        };
        check("STOP", false, End);
        check("STOP", true, ToolCalls);
        check("MAX_TOKENS", true, Length);
        for word in ["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"] {
            check(word, false, Filtered);
        }
        for word in ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"] {
            check(word, true, Broken);
        }
        check("OTHER", false, End);
        check("STRANGE", false, End);
        assert_eq!(read(Some(Word::Number(2)), None, false).unwrap().reason, Length);
        assert_eq!(read(Some(Word::Number(99)), None, false).unwrap().native.unwrap(), "99");
        assert_eq!(read(Some(Word::Number(0)), None, false), None);
        assert_eq!(read(None, None, false), None);
        assert_eq!(write(&Stop::new(Filtered, "refusal")), "SAFETY");
        assert_eq!(write(&Stop::new(Paused, "pause_turn")), "STOP");
    }
}
