//! Another answer, joined to what the client has of a first one.
//!
//! Two ways. A restarted answer must begin exactly as the first did: that much of it is left out, and only the rest
//! goes on to the client. A continued one was asked to go on from the text of the first: what it says again of that is
//! left out. Thoughts with their proofs are of one answer: where the first has completed its own, those of the second
//! are left out, and where it has not, only the very same may complete them.

use super::Given;
use super::given::Piece;
use crate::canonical::{Delta, Event, Fault, FaultKind, PartStart, Signature};

/// How the second answer was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From its beginning.
    Restart,
    /// From where the first broke off.
    Continue,
}

/// A repetition that is shorter may be chance.
const REPEATED: usize = 12;

/// Of a continued answer so much is looked at to find out whether it repeats something.
const LOOKED_AT: usize = 256;

/// Joins one answer to another.
pub struct Splice {
    thoughts: Track,
    text: Track,
    /// Calls that were given: name and arguments.
    calls: Vec<(String, String)>,
    calls_met: usize,
    /// The client gives thoughts back with their proof: they are whole, or not there.
    signed: bool,
    /// Of a continued answer: its beginning, until it is known what it repeats.
    beginning: Option<String>,
    next_part: u32,
    parts: Vec<(u32, Part)>,
}

/// What was given of one kind.
#[derive(Default)]
struct Track {
    given: String,
    /// So much of it the second answer has said too.
    met: usize,
    /// The client's part that is open.
    open: Option<u32>,
}

/// A part of the second answer.
enum Part {
    /// Compared, then passed on.
    Thought,
    Text,
    /// Held until it is complete.
    Call(Call),
    /// Passed on as this part of the client's.
    As(u32),
    LeftOut,
}

struct Call {
    start: PartStart<'static>,
    name: String,
    arguments: String,
    signature: Option<Signature<'static>>,
}

type Out<'o> = &'o mut dyn FnMut(&Event<'_>);

impl Splice {
    /// What was `given` is gone on with. `signed`: the client gives thoughts back with their proof.
    pub fn new(given: &Given, way: Way, signed: bool) -> Self {
        let mut splice = Self {
            thoughts: Track::default(),
            text: Track { given: given.text(), ..Track::default() },
            calls: Vec::new(),
            calls_met: 0,
            signed,
            beginning: (way == Way::Continue).then(String::new),
            next_part: given.next_part(),
            parts: Vec::new(),
        };
        given.pieces().iter().for_each(|piece| splice.had(piece));
        if way == Way::Continue {
            splice.text.met = splice.text.given.len();
        }
        splice
    }

    fn had(&mut self, piece: &Piece) {
        let open = piece.open.then_some(piece.part);
        match &piece.start {
            PartStart::Text => self.text.open = open,
            PartStart::Reasoning { .. } => {
                self.thoughts.given.push_str(&piece.text);
                self.thoughts.open = open;
            }
            PartStart::ToolCall { name, .. } => self.calls.push((name.to_string(), piece.text.clone())),
            _ => {}
        }
    }

    /// Gives what the client does not have yet of `event` to `out`. A fault: the answers cannot be joined.
    pub fn event(&mut self, event: &Event<'_>, out: Out<'_>) -> Result<(), Fault> {
        match event {
            Event::Start { .. } => {}
            Event::PartStart { choice: 0, part, start } => self.start(*part, start, out)?,
            Event::Delta { choice: 0, part, delta } => self.delta(*part, delta, out)?,
            Event::PartEnd { choice: 0, part } => self.end(*part, out)?,
            Event::Stop { choice: 0, .. } => {
                self.met_all()?;
                self.begin_other(out)?;
                out(event);
            }
            Event::PartStart { .. } | Event::Delta { .. } | Event::PartEnd { .. } | Event::Stop { .. } => {}
            Event::Logprobs { .. } if self.met_all().is_err() => {}
            Event::Logprobs { .. } | Event::Usage(_) | Event::Ping | Event::Error(_) | Event::End => out(event),
        }
        Ok(())
    }

    fn start(&mut self, part: u32, start: &PartStart<'_>, out: Out<'_>) -> Result<(), Fault> {
        let as_part = match start {
            PartStart::Reasoning { .. } if self.thoughts.open.is_some() => Part::Thought,
            PartStart::Reasoning { .. } => Part::LeftOut,
            PartStart::Text => Part::Text,
            PartStart::ToolCall { name, .. } => Part::Call(Call {
                start: start.clone().into_owned(),
                name: name.to_string(),
                arguments: String::new(),
                signature: None,
            }),
            PartStart::Refusal | PartStart::Media(_) | PartStart::Foreign(_) => {
                self.met_all()?;
                self.begin_other(out)?;
                let own = self.new_part();
                out(&Event::PartStart { choice: 0, part: own, start: start.clone() });
                Part::As(own)
            }
        };
        self.parts.push((part, as_part));
        Ok(())
    }

    fn delta(&mut self, part: u32, delta: &Delta<'_>, out: Out<'_>) -> Result<(), Fault> {
        let Some((_, kind)) = self.parts.iter_mut().rev().find(|(known, _)| *known == part) else { return Ok(()) };
        match (kind, delta) {
            (Part::As(own), delta) => out(&Event::Delta { choice: 0, part: *own, delta: delta.clone() }),
            (Part::Call(call), Delta::Text(more)) => call.arguments.push_str(more),
            (Part::Call(call), Delta::Signature(signature)) => call.signature = Some(signature.clone().into_owned()),
            (Part::Text, Delta::Text(more)) => self.more_text(more, out)?,
            (Part::Text, delta) => {
                if let Some(own) = self.text.open.filter(|_| self.text.is_met() && self.beginning.is_none()) {
                    out(&Event::Delta { choice: 0, part: own, delta: delta.clone() });
                }
            }
            (kind @ Part::Thought, Delta::Text(more)) => match self.thoughts.compare(more) {
                Some("") => {}
                Some(rest) => self.thoughts.pass(Delta::Text(rest.into()), out),
                None if self.signed => return Err(diverged()),
                // They are for show: the first answer's end where they broke off.
                None => *kind = Part::LeftOut,
            },
            (Part::Thought, delta) if self.thoughts.is_met() => self.thoughts.pass(delta.clone(), out),
            (Part::Thought | Part::Call(_) | Part::LeftOut, _) => {}
        }
        Ok(())
    }

    fn end(&mut self, part: u32, out: Out<'_>) -> Result<(), Fault> {
        let Some(at) = self.parts.iter().rposition(|(known, _)| *known == part) else { return Ok(()) };
        match self.parts.swap_remove(at).1 {
            Part::As(own) => out(&Event::PartEnd { choice: 0, part: own }),
            Part::Call(call) => self.call(call, out)?,
            Part::Text => {
                self.know_beginning(out)?;
                if self.text.is_met() {
                    self.text.close(out);
                }
            }
            Part::Thought if self.thoughts.is_met() => self.thoughts.close(out),
            Part::Thought | Part::LeftOut => {}
        }
        Ok(())
    }

    fn more_text(&mut self, more: &str, out: Out<'_>) -> Result<(), Fault> {
        if let Some(beginning) = &mut self.beginning {
            beginning.push_str(more);
            return if beginning.len() < LOOKED_AT { Ok(()) } else { self.know_beginning(out) };
        }
        let rest = self.text.compare(more).ok_or_else(diverged)?;
        if rest.is_empty() { Ok(()) } else { self.new_text(rest, out) }
    }

    /// Enough of a continued answer is there, or all of it: what does it repeat?
    fn know_beginning(&mut self, out: Out<'_>) -> Result<(), Fault> {
        let Some(beginning) = self.beginning.take() else { return Ok(()) };
        let given = &self.text.given;
        let alike = given.bytes().zip(beginning.bytes()).take_while(|(a, b)| a == b).count();
        if alike == given.len().min(beginning.len()) && alike >= REPEATED {
            self.text.met = 0; // it began from the beginning
            return self.more_text(&beginning, out);
        }
        let rest = &beginning[repeated(given, &beginning)..];
        if rest.is_empty() { Ok(()) } else { self.new_text(rest, out) }
    }

    fn new_text(&mut self, text: &str, out: Out<'_>) -> Result<(), Fault> {
        self.close_thoughts(out)?;
        if self.text.open.is_none() {
            let part = self.new_part();
            out(&Event::PartStart { choice: 0, part, start: PartStart::Text });
            self.text.open = Some(part);
        }
        self.text.pass(Delta::Text(text.into()), out);
        Ok(())
    }

    /// A call is complete: one that the client has, or a new one.
    fn call(&mut self, call: Call, out: Out<'_>) -> Result<(), Fault> {
        self.know_beginning(out)?;
        if !self.text.is_met() {
            return Err(diverged());
        }
        if let Some((name, arguments)) = self.calls.get(self.calls_met) {
            self.calls_met += 1;
            return if *name == call.name && same_json(arguments, &call.arguments) { Ok(()) } else { Err(diverged()) };
        }
        self.begin_other(out)?;
        let (choice, part) = (0, self.new_part());
        out(&Event::PartStart { choice, part, start: call.start });
        if !call.arguments.is_empty() {
            out(&Event::Delta { choice, part, delta: Delta::Text(call.arguments.into()) });
        }
        if let Some(signature) = call.signature {
            out(&Event::Delta { choice, part, delta: Delta::Signature(signature) });
        }
        out(&Event::PartEnd { choice, part });
        Ok(())
    }

    /// What the client has open is complete, because something else begins.
    fn begin_other(&mut self, out: Out<'_>) -> Result<(), Fault> {
        self.know_beginning(out)?;
        self.close_thoughts(out)?;
        self.text.close(out);
        Ok(())
    }

    fn close_thoughts(&mut self, out: Out<'_>) -> Result<(), Fault> {
        if self.thoughts.open.is_some() && self.signed {
            return Err(diverged()); // half a thought, whose proof will never come
        }
        self.thoughts.close(out);
        Ok(())
    }

    fn met_all(&self) -> Result<(), Fault> {
        let met = self.text.is_met() && self.calls_met == self.calls.len();
        if met { Ok(()) } else { Err(diverged()) }
    }

    fn new_part(&mut self) -> u32 {
        self.next_part += 1;
        self.next_part - 1
    }
}

impl Track {
    fn is_met(&self) -> bool {
        self.met == self.given.len()
    }

    /// What of `more` is beyond what was given; `None` if it is something else.
    fn compare<'m>(&mut self, more: &'m str) -> Option<&'m str> {
        let left = &self.given[self.met..];
        if let Some(rest) = more.strip_prefix(left) {
            self.met = self.given.len();
            return Some(rest);
        }
        left.starts_with(more).then(|| {
            self.met += more.len();
            ""
        })
    }

    fn pass(&self, delta: Delta<'_>, out: Out<'_>) {
        if let Some(part) = self.open {
            out(&Event::Delta { choice: 0, part, delta });
        }
    }

    fn close(&mut self, out: Out<'_>) {
        if let Some(part) = self.open.take() {
            out(&Event::PartEnd { choice: 0, part });
        }
    }
}

/// How many bytes of `beginning` repeat the end of `given`: long enough to be no chance, or only blanks.
fn repeated(given: &str, beginning: &str) -> usize {
    let ends = (1..=beginning.len().min(given.len())).rev().filter(|end| beginning.is_char_boundary(*end));
    let mut same = ends.filter(|end| given.as_bytes().ends_with(&beginning.as_bytes()[..*end]));
    same.find(|end| *end >= REPEATED || beginning[..*end].trim().is_empty()).unwrap_or(0)
}

/// As text, or at least as values: providers differ in blanks.
fn same_json(a: &str, b: &str) -> bool {
    let parse = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    a == b || parse(a).is_some_and(|a| parse(b) == Some(a))
}

fn diverged() -> Fault {
    Fault::new(FaultKind::Diverged, "the answer broke off, and another one begins otherwise")
}
