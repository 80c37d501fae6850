//! What a client's SDK makes of a reply, read by hand and without pardon: what is doubled, missing or out of order
//! in a dialect is told in `broken`.

mod framing;
mod streams;
mod wholes;

use serde_json::Value;

/// What was heard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    pub thoughts: String,
    pub text: String,
    /// Each tool's name and arguments.
    pub calls: Vec<(String, String)>,
    /// How often it began, in dialects that say so.
    pub begun: usize,
    /// How often it came to a good end.
    pub ended: usize,
    /// What the client's SDK raises.
    pub error: Option<String>,
    /// Tokens of the answer.
    pub output: Option<u64>,
    /// What no SDK would take.
    pub broken: Vec<String>,
}

impl Heard {
    /// A whole answer.
    pub fn whole(dialect: &str, reply: &Value) -> Self {
        let mut heard = Self::default();
        wholes::read(dialect, reply, &mut heard);
        heard
    }

    /// A stream, which its framing said to be complete.
    pub fn stream(dialect: &str, body: &[u8]) -> Self {
        let mut heard = Self::default();
        for event in framing::events(dialect, body) {
            match event {
                Ok((name, data)) => {
                    heard.expect(heard.ended == 0 || streams::may_follow(dialect, &data), || {
                        format!("{data} after the end")
                    });
                    streams::read(dialect, &name, &data, &mut heard);
                }
                Err(why) => heard.broken.push(why),
            }
        }
        heard.expect(heard.begun <= 1, || "it began twice".into());
        heard.expect(heard.ended <= 1, || "it ended twice".into());
        heard
    }

    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(otherwise());
        }
    }

    fn fail(&mut self, message: &Value) {
        self.error = Some(message.as_str().unwrap_or("an error without a message").to_owned());
    }

    fn call(&mut self, name: &Value, arguments: &Value) {
        let arguments = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
        self.calls.push((said(name).to_owned(), if arguments == "null" { String::new() } else { arguments }));
    }

    fn more_arguments(&mut self, more: &Value) {
        match self.calls.last_mut() {
            Some((_, arguments)) => arguments.push_str(said(more)),
            None => self.broken.push("arguments of no call".into()),
        }
    }
}

fn said(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
