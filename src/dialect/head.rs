//! What routing needs of a request, in whatever dialect, found while its body arrives.
//!
//! The body itself is never changed but for one value: [`patch`] puts another model in the place of the client's and
//! shares all other bytes with it. Key order, numbers, unknown members and white space stay as they came.

use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;

use crate::canonical::{Fault, FaultKind};
use crate::dialect::answer_limit::{self, AnswerLimit};
use crate::dialect::json::{Found, NotJson, Scan, quote};
use crate::upstream::Body;

/// Members by which a client speaks to a router, not to a model, in whatever dialect: OpenRouter's. What they say is for
/// `crate::openrouter` to read; here they are only noticed, so that a call without them costs nothing.
pub const TO_A_ROUTER: [&str; 16] = [
    "models",
    "fallbacks",
    "provider",
    "route",
    "plugins",
    "transforms",
    "preset",
    "session_id",
    "trace",
    "debug",
    "stop_server_tools_when",
    "deferred_tools",
    "image_config",
    "usage",
    "reasoning",
    "include_reasoning",
];

/// Members by which a conversation is known, beside `session_id`.
const OF_A_CONVERSATION: [&str; 6] = ["prompt_cache_key", "system", "instructions", "messages", "input", "contents"];

/// Members that offer tools.
const OF_TOOLS: [&str; 2] = ["tools", "toolConfig"];

/// Members of every chat.
const OF_ALL: [&str; 3] = ["model", "stream", "stream_options"];

const WANTED_IN_ALL: usize =
    OF_ALL.len() + TO_A_ROUTER.len() + OF_A_CONVERSATION.len() + OF_TOOLS.len() + answer_limit::NAMES.len();

/// All that is looked for.
const WANTED: [&str; WANTED_IN_ALL] = {
    let lists: [&[&str]; 5] = [&OF_ALL, &TO_A_ROUTER, &OF_A_CONVERSATION, &OF_TOOLS, &answer_limit::NAMES];
    let mut wanted = [""; WANTED_IN_ALL];
    let (mut list, mut index, mut place) = (0, 0, 0);
    while list < lists.len() {
        if index == lists[list].len() {
            (list, index) = (list + 1, 0);
            continue;
        }
        wanted[place] = lists[list][index];
        (index, place) = (index + 1, place + 1);
    }
    wanted
};

/// Reads a body as it arrives.
pub struct RequestScan(Scan);

/// What routing needs of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHead {
    /// The model asked for.
    pub model: String,
    /// Where its JSON value stands in the body, with its quotes; empty where the whole member has to be inserted.
    pub model_at: Range<usize>,
    /// The client asked for a stream.
    pub stream: bool,
    /// It did not say whether it wants one.
    pub stream_unsaid: bool,
    /// The client asked for usage at the end of its stream (OpenAI's `stream_options`).
    pub include_usage: bool,
    /// What is said to a router: each member, and where its value stands. `null` says nothing.
    pub to_a_router: Vec<(&'static str, Range<usize>)>,
    /// Where the name of the conversation stands in the body.
    pub conversation: Option<Range<usize>>,
    /// Where the model is told something before all turns, outside of these.
    pub instructions: Option<Range<usize>>,
    /// Where the turns stand.
    pub turns: Option<Range<usize>>,
    /// Where the tools stand that the model may ask for.
    pub tools: Option<Range<usize>>,
    /// How long its answers may be, where it says that.
    pub answer_limit: Option<AnswerLimit>,
}

impl RequestScan {
    /// Nothing read so far.
    pub fn new() -> Self {
        Self(Scan::new(&WANTED))
    }

    /// Reads the next chunk of the body. What can be no JSON object is refused as soon as that is known.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        self.0.push(chunk).map_err(not_json)
    }

    /// The `body` is complete. `model_in_path` is the deployment that clients of Azure write into the path: it is what
    /// such a client means, whatever the body says.
    pub fn finish(self, body: &Body, model_in_path: Option<&str>) -> Result<RequestHead, Fault> {
        let found = self.0.finish().map_err(not_json)?;
        let members = Members { body, found };
        let (model, model_at) = members.model(model_in_path)?;
        let stream = members.stream()?;
        let stream_unsaid = members.value("stream").is_none();
        let include_usage = stream && members.include_usage();
        let to_a_router = members.to_a_router();
        let first = |names: &[&str]| {
            let said = |name: &&str| members.found.get(name).filter(|at| !members.is_null(at));
            names.iter().find_map(said)
        };
        Ok(RequestHead {
            model,
            model_at,
            stream,
            stream_unsaid,
            include_usage,
            to_a_router,
            conversation: first(&["session_id", "prompt_cache_key"]),
            instructions: first(&["system", "instructions"]),
            turns: first(&["messages", "input", "contents"]),
            tools: first(&OF_TOOLS),
            answer_limit: AnswerLimit::of(|name| members.value(name)),
        })
    }
}

impl RequestHead {
    /// The body has been written anew: what is looked up in it later stands elsewhere.
    pub fn moved(&mut self, body: &Body) -> Result<(), Fault> {
        let mut scan = RequestScan::new();
        body.chunks().iter().try_for_each(|chunk| scan.push(chunk))?;
        let Self { conversation, instructions, turns, tools, .. } = scan.finish(body, Some(&self.model))?;
        (self.conversation, self.instructions, self.turns, self.tools) = (conversation, instructions, turns, tools);
        Ok(())
    }
}

impl Default for RequestScan {
    fn default() -> Self {
        Self::new()
    }
}

/// The body with `model` where the model stood: at [`RequestHead::model_at`].
pub fn patch(body: &Body, at: Range<usize>, model: &str) -> Body {
    let mut value = Vec::with_capacity(model.len() + 16);
    if at.is_empty() {
        value.extend_from_slice(b"\"model\":");
        quote(model, &mut value);
        if body.slice(at.start, at.start + 1) != "}" {
            value.push(b',');
        }
    } else {
        quote(model, &mut value);
        let before = body.slice(at.start, at.end);
        let escaped = || serde_json::from_slice::<String>(&before).is_ok_and(|before| before == model);
        if before == value || before.contains(&b'\\') && escaped() {
            return body.clone();
        }
    }
    body.splice(at.start, at.end, value.into())
}

/// The members found, with the body that they stand in.
struct Members<'a> {
    body: &'a Body,
    found: Found,
}

impl Members<'_> {
    fn value(&self, name: &str) -> Option<Bytes> {
        self.found.get(name).map(|at| self.body.slice(at.start, at.end))
    }

    /// Told by its length first: a long value in several chunks would be copied to look at it.
    fn is_null(&self, at: &Range<usize>) -> bool {
        at.len() == 4 && self.body.slice(at.start, at.end) == "null"
    }

    fn model(&self, in_path: Option<&str>) -> Result<(String, Range<usize>), Fault> {
        // Which of two a parser takes differs, and one that we did not look at may be neither allowed nor paid for.
        if self.found.repeated("model") {
            return Err(refused("Invalid body: 'model' is given twice."));
        }
        let at = self.found.get("model").unwrap_or(self.found.first_member()..self.found.first_member());
        let model = match in_path {
            Some(deployment) => deployment.to_owned(),
            None => {
                // A list of them may take its place.
                let Some(value) = self.value("model").or_else(|| self.value("models").map(|_| Bytes::new())) else {
                    return Err(refused("you must provide a model parameter"));
                };
                if value.is_empty() {
                    return Ok((String::new(), at));
                }
                serde_json::from_slice(&value).map_err(|_| {
                    refused(format!("Invalid type for 'model': expected a string, but got {}.", kind(&value)))
                })?
            }
        };
        if model.is_empty() { Err(refused("you must provide a model parameter")) } else { Ok((model, at)) }
    }

    fn to_a_router(&self) -> Vec<(&'static str, Range<usize>)> {
        let said = |(name, at): &(&'static str, Range<usize>)| TO_A_ROUTER.contains(name) && !self.is_null(at);
        self.found.iter().filter(said).collect()
    }

    fn stream(&self) -> Result<bool, Fault> {
        match self.value("stream").as_deref() {
            None | Some(b"false" | b"null") => Ok(false),
            Some(b"true") => Ok(true),
            // Some servers take `1` or `"true"` for true and some do not: it could not be told what will be answered.
            Some(value) => {
                Err(refused(format!("Invalid type for 'stream': expected a boolean, but got {}.", kind(value))))
            }
        }
    }

    fn include_usage(&self) -> bool {
        #[derive(Deserialize)]
        struct Options {
            include_usage: Option<bool>,
        }
        let options =
            self.value("stream_options").and_then(|value| serde_json::from_slice::<Option<Options>>(&value).ok());
        options.flatten().and_then(|options| options.include_usage).unwrap_or(false)
    }
}

/// What sort of JSON value this is, in OpenAI's words.
fn kind(value: &[u8]) -> &'static str {
    match value.first() {
        Some(b'"') => "a string instead",
        Some(b'{') => "an object instead",
        Some(b'[') => "an array instead",
        Some(b't' | b'f') => "a boolean instead",
        Some(b'n') => "null instead",
        _ => "a number instead",
    }
}

fn not_json(NotJson { at, what }: NotJson) -> Fault {
    refused(format!("We could not parse the JSON body of your request: {what} (at byte {at})."))
}

fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(FaultKind::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` as a body of chunks of `size` bytes, and what is read of it.
    fn read(text: &str, size: usize, in_path: Option<&str>) -> (Body, Result<RequestHead, Fault>) {
        let (mut body, mut scan) = (Body::default(), RequestScan::new());
        let mut pushed = Ok(());
        for chunk in text.as_bytes().chunks(size) {
            pushed = pushed.and_then(|()| scan.push(chunk));
            body.push(Bytes::copy_from_slice(chunk));
        }
        let head = pushed.and_then(|()| scan.finish(&body, in_path));
        (body, head)
    }

    fn text(body: &Body) -> String {
        String::from_utf8(body.chunks().concat()).unwrap()
    }

    #[test]
    fn what_routing_needs() {
        let check = |text: &str, model: &str, stream: bool, include_usage: bool| {
            for size in [1, 3, 7, 1000] {
                let head = read(text, size, None).1.unwrap();
                assert_eq!(
                    (head.model.as_str(), head.stream, head.include_usage),
                    (model, stream, include_usage),
                    "{text}"
                );
            }
        };
        check(r#"{"model":"gpt-5","messages":[]}"#, "gpt-5", false, false);
        check(
            r#"{"messages":[{"model":"no"}], "model" : "openai\/gpt\u002d5", "stream":null}"#,
            "openai/gpt-5",
            false,
            false,
        );
        check(r#"{"model":"m","stream":true}"#, "m", true, false);
        check(r#"{"stream_options":{"include_usage":true},"stream":true,"model":"m"}"#, "m", true, true);
        check(r#"{"stream_options":{"include_usage":true},"model":"m"}"#, "m", false, false);
        check(r#"{"stream_options":null,"stream":true,"model":"m"}"#, "m", true, false);
        check(r#"{"stream_options":{"include_usage":"?"},"stream":true,"model":"m"}"#, "m", true, false);
    }

    #[test]
    fn what_cannot_be_understood_is_refused_in_openais_words() {
        let check = |text: &str, in_path: Option<&str>, message: &str| {
            let fault = read(text, 5, in_path).1.unwrap_err();
            assert_eq!((fault.kind, &*fault.message), (FaultKind::BadRequest, message), "{text}");
        };
        check("{}", None, "you must provide a model parameter");
        check(r#"{"model":""}"#, None, "you must provide a model parameter");
        check(r#"{"model":7}"#, None, "Invalid type for 'model': expected a string, but got a number instead.");
        check(r#"{"model":null}"#, None, "Invalid type for 'model': expected a string, but got null instead.");
        check(r#"{"model":"a","model":"a"}"#, None, "Invalid body: 'model' is given twice.");
        check(r#"{"model":"a","model":"b"}"#, Some("c"), "Invalid body: 'model' is given twice.");
        check(
            r#"{"model":"a","stream":1}"#,
            None,
            "Invalid type for 'stream': expected a boolean, but got a number instead.",
        );
        check("", None, "We could not parse the JSON body of your request: there is nothing (at byte 0).");
        check("[]", None, "We could not parse the JSON body of your request: expected an object (at byte 0).");
        check("{\"a\":1", None, "We could not parse the JSON body of your request: it ends too early (at byte 6).");
        check(
            "{\"a\":1}}",
            None,
            "We could not parse the JSON body of your request: something follows the object (at byte 7).",
        );
    }

    #[test]
    fn only_the_model_changes() {
        let check = |from: &str, in_path: Option<&str>, model: &str, expected: &str| {
            for size in 1..=from.len() {
                let (body, head) = read(from, size, in_path);
                let patched = patch(&body, head.unwrap().model_at, model);
                assert_eq!(text(&patched), expected, "chunks of {size}");
                assert_eq!(patched.len(), expected.len());
            }
        };
        check("{ \"a\":1e00, \"model\" : \"x\" }\n", None, "gpt-5", "{ \"a\":1e00, \"model\" : \"gpt-5\" }\n");
        check(r#"{"model":"x"}"#, None, "say \"hi\"\\", r#"{"model":"say \"hi\"\\"}"#);
        check(r#"{"model":"\u0078"}"#, None, "x", r#"{"model":"\u0078"}"#);
        check(r#"{ "n":1}"#, Some("d"), "gpt", r#"{ "model":"gpt","n":1}"#);
        check(r#"{ }"#, Some("d"), "gpt", r#"{ "model":"gpt"}"#);
        check(r#"{"model":"y"}"#, Some("d"), "gpt", r#"{"model":"gpt"}"#);
        check(r#"{"model":null}"#, Some("d"), "gpt", r#"{"model":"gpt"}"#);
    }

    #[test]
    fn a_model_in_the_path_is_what_azures_clients_mean() {
        let head = read(r#"{"model":"other","n":1}"#, 4, Some("gpt-5 prod")).1.unwrap();
        assert_eq!((head.model.as_str(), head.model_at), ("gpt-5 prod", 9..16));
    }

    #[test]
    fn an_unchanged_body_is_the_same_memory() {
        let (body, head) = read(r#"{"model":"x"}"#, 100, None);
        let patched = patch(&body, head.unwrap().model_at, "x");
        assert_eq!(patched.chunks()[0].as_ptr(), body.chunks()[0].as_ptr());
        assert_eq!(patched.chunks().len(), 1);
    }
}
