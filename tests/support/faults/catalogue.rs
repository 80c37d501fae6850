//! The table of faults.

use super::{Fault, Moment, scripts};
use crate::support::dialects::errors::{self, Trouble};
use crate::support::provider::Step;
use Moment::{Before, Behind, Told};

/// Every one.
pub const FAULTS: &[Fault] = &[
    all("429 with Retry-After", Before, |stage| match stage.before {
        0 => scripts::trouble(stage, Trouble::RateLimited, &[("retry-after", "1")]),
        _ => stage.play(),
    }),
    all("429 without Retry-After", Before, |stage| scripts::trouble(stage, Trouble::RateLimited, &[])),
    all("500 once", Before, |stage| match stage.before {
        0 => scripts::trouble(stage, Trouble::ServerError, &[]),
        _ => stage.play(),
    }),
    all("503 for long", Before, |stage| scripts::trouble(stage, Trouble::Overloaded, &[])),
    all("flapping", Before, |stage| match stage.before % 2 {
        0 => scripts::trouble(stage, Trouble::Overloaded, &[]),
        _ => stage.play(),
    }),
    all("quota exhausted", Before, |stage| scripts::trouble(stage, Trouble::QuotaExhausted, &[])),
    all("context too long", Before, |stage| scripts::trouble(stage, Trouble::ContextTooLong, &[])),
    all("reset before headers", Before, |_| vec![Step::Reset]),
    all("no response", Before, |_| vec![Step::Silence]),
    all("headers then silence", Before, |stage| scripts::head(stage, [Step::Silence])),
    all("keep-alives without content", Before, scripts::only_keepalives),
    all("an empty answer", Before, scripts::empty),
    all("error event first", Before, |stage| scripts::error_first(stage, &errors::event(stage.speech.dialect))),
    all("cut before the first token", Before, scripts::cut_before_content),
    all("cut in the middle", Behind, |stage| scripts::half(stage, [Step::Close])),
    all("reset in the middle", Behind, |stage| scripts::half(stage, [Step::Reset])),
    all("stall in the middle", Behind, |stage| scripts::half(stage, [Step::Silence])),
    all("a well-framed end in the middle", Behind, scripts::ends_early),
    all("no terminator", Behind, scripts::no_terminator),
    all("malformed event", Behind, scripts::malformed_event),
    all("garbage in the middle", Behind, scripts::turns_to_garbage),
    all("error event in the middle", Behind, |stage| {
        scripts::error_in_the_middle(stage, &errors::event(stage.speech.dialect))
    }),
    Fault {
        only: &["openai_responses"],
        ..all("response.failed", Behind, |stage| scripts::error_in_the_middle(stage, &errors::response_failed()))
    },
    all("wrong accounting", Before, scripts::wrong_accounting),
    Fault {
        // The others tell it in an answer.
        only: &["openai_chat", "openai_responses", "anthropic", "bedrock"],
        ..all("content filter", Told, |stage| scripts::trouble(stage, Trouble::Filtered, &[]))
    },
];

const fn all(name: &'static str, moment: Moment, script: fn(&super::Stage) -> super::Script) -> Fault {
    Fault { name, moment, only: &[], script }
}
