//! What a provider does where it fails.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::answer::{first, middle};
use super::{Script, Stage};
use crate::support::dialects::errors::{self, Trouble};
use crate::support::dialects::voice::bedrock;
use crate::support::provider::{Answer, Step, chunked, framed, halves};

/// How often a provider says that it is still there.
const KEEPALIVE: Duration = Duration::from_millis(50);

/// An error reply.
pub fn trouble(stage: &Stage, trouble: Trouble, headers: &[(&str, &str)]) -> Script {
    let reply = errors::reply(stage.speech.dialect, trouble);
    framed(&headers.iter().fold(reply, |reply, (name, value)| reply.with_header(name, value)))
}

/// The head of a good answer, and `then`.
pub fn head(stage: &Stage, then: impl IntoIterator<Item = Step>) -> Script {
    let mut script = stage.play();
    script.truncate(1);
    script.extend(then);
    script
}

/// Half of a good answer, and `then`.
pub fn half(stage: &Stage, then: impl IntoIterator<Item = Step>) -> Script {
    if stage.stream {
        let kept = 1 + upto(&stage.good(), middle(&stage.said));
        let mut script = stage.play();
        script.truncate(kept);
        script.extend(then);
        return script;
    }
    let (head, body) = halves(stage.play());
    [head, Step::Write(body.slice(..body.len() / 2))].into_iter().chain(then).collect()
}

/// The stream has begun, and is kept open.
pub fn only_keepalives(stage: &Stage) -> Script {
    let sign = match stage.speech.dialect {
        _ if !stage.stream => Bytes::from_static(b" \n"),
        "anthropic" => "event: ping\ndata: {\"type\": \"ping\"}\n\n".into(),
        "ollama" => {
            "{\"model\":\"the-model\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n".into()
        }
        "bedrock" => return beginning(stage, [Step::Silence]),
        _ => ": PROCESSING\n\n".into(),
    };
    if !stage.stream {
        // Of a body whose length is not known before.
        let chunks = framed(&Answer::events(Vec::new()));
        return vec![chunks[0].clone(), Step::Drip(chunked(&sign), KEEPALIVE)];
    }
    beginning(stage, [Step::Drip(chunked(&sign), KEEPALIVE)])
}

/// A success without an answer.
pub fn empty(stage: &Stage) -> Script {
    if stage.stream {
        beginning(stage, [Step::Write("0\r\n\r\n".into())])
    } else {
        framed(&Answer { pieces: vec!["".into()], ..stage.good() })
    }
}

/// The connection ends where the answer would begin.
pub fn cut_before_content(stage: &Stage) -> Script {
    if stage.stream { beginning(stage, [Step::Close]) } else { head(stage, [Step::Close]) }
}

/// An error in the place of the answer, as a success.
pub fn error_first(stage: &Stage, event: &Bytes) -> Script {
    let mut answer = stage.good();
    if stage.stream {
        answer.pieces.truncate(upto(&answer, first(&stage.said)) - 1);
        answer.pieces.push(event.clone());
        return framed(&answer);
    }
    framed(&Answer { status: 200, ..errors::reply(stage.speech.dialect, Trouble::ServerError) })
}

/// Half of the answer, and an error as its end.
pub fn error_in_the_middle(stage: &Stage, event: &Bytes) -> Script {
    if !stage.stream {
        return error_first(stage, event);
    }
    framed(&with_half(stage, [event.clone()]))
}

/// Half of the answer, and no word of more to come.
pub fn ends_early(stage: &Stage) -> Script {
    if stage.stream {
        return framed(&with_half(stage, []));
    }
    let mut answer = stage.good();
    let length = answer.pieces[0].len();
    answer.pieces[0].truncate(length / 2);
    framed(&answer)
}

/// All of the answer, but not its last event.
pub fn no_terminator(stage: &Stage) -> Script {
    let mut answer = stage.good();
    if stage.stream {
        answer.pieces.pop();
        return framed(&answer);
    }
    let length = answer.pieces[0].len();
    answer.pieces[0].truncate(length - 1);
    framed(&answer)
}

/// All of the answer, with something in its middle that is none of it.
pub fn malformed_event(stage: &Stage) -> Script {
    let mut answer = stage.good();
    if !stage.stream {
        answer.pieces[0] = "<html>no answer</html>".into();
        return framed(&answer);
    }
    let odd = match stage.speech.dialect {
        "bedrock" => bedrock::frame("event", "contentBlockDelta", &json!("no object")).into(),
        "ollama" => Bytes::from_static(b"{\"model\": \"the-mod\n"),
        _ => Bytes::from_static(b"data: {\"id\": \"x\", \"cho\n\n"),
    };
    answer.pieces.insert(upto(&answer, middle(&stage.said)), odd);
    framed(&answer)
}

/// Half of the answer, and then what a proxy of the provider's has to say.
pub fn turns_to_garbage(stage: &Stage) -> Script {
    if !stage.stream {
        return malformed_event(stage);
    }
    framed(&with_half(stage, [Bytes::from_static(b"<html><body>502 Bad Gateway</body></html>\n\n")]))
}

/// A good answer that cost more than there is.
pub fn wrong_accounting(stage: &Stage) -> Script {
    let mut said = stage.said.clone();
    (said.input, said.output) = (u64::MAX / 2, u64::MAX / 2);
    Stage { said, ..*stage }.play()
}

/// What comes before the first word, and `then`.
fn beginning(stage: &Stage, then: impl IntoIterator<Item = Step>) -> Script {
    let mut script = stage.play();
    script.truncate(upto(&stage.good(), first(&stage.said)));
    script.extend(then);
    script
}

fn with_half(stage: &Stage, then: impl IntoIterator<Item = Bytes>) -> Answer {
    let mut answer = stage.good();
    answer.pieces.truncate(upto(&answer, middle(&stage.said)));
    answer.pieces.extend(then);
    answer
}

/// How many pieces of a stream it takes until that word is said.
fn upto(answer: &Answer, word: &str) -> usize {
    let says = |piece: &Bytes| piece.windows(word.len()).any(|window| window == word.as_bytes());
    1 + answer.pieces.iter().position(says).expect("the word is said")
}
