//! What was changed in a client's tools on the way to a target, undone on the way back.
//!
//! Dialects differ in which names tools may have, and only OpenAI's have tools that take free text. So names that not
//! everybody takes are replaced, and free text travels as the member `input` of a JSON object; the client sees neither.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use crate::canonical::{Delta, Event, Part, PartStart, Reply, Request, Str, Tool, ToolChoice, fnv};

/// The longest name that everybody takes.
const LONGEST: usize = 64;

/// What has to be undone.
#[derive(Debug, Default)]
pub struct Restore {
    /// The client's own names, by those that the target knows.
    renamed: HashMap<String, String>,
    /// The tools that take free text, by their names at the target.
    free: HashSet<String>,
    /// The calls of such tools that are under way: answer, part, and what has come of the arguments.
    open: Vec<(u32, u32, String)>,
}

impl Restore {
    /// Gives every tool of `request` a name that everybody takes, wherever it stands.
    pub fn prepare(request: &mut Request<'_>) -> Self {
        let mut restore = Self::default();
        let names: HashSet<String> = request.functions().map(|function| function.name.to_string()).collect();
        // In the order of the tools, so that the same tools get the same names each time.
        let odd: Vec<String> =
            request.functions().filter(|tool| !fits(&tool.name)).map(|tool| tool.name.to_string()).collect();
        let mut at_target: HashMap<String, String> = HashMap::new();
        for name in odd {
            if let Entry::Vacant(vacant) = at_target.entry(name) {
                let fitting = restore.fitting(vacant.key(), &names);
                restore.renamed.insert(fitting.clone(), vacant.key().clone());
                vacant.insert(fitting);
            }
        }
        if !at_target.is_empty() {
            rename(request, &at_target);
        }
        let free = request.functions().filter(|function| function.free_form.is_some());
        restore.free = free.map(|function| function.name.to_string()).collect();
        restore
    }

    /// There is nothing to undo.
    pub fn is_nothing(&self) -> bool {
        self.renamed.is_empty() && self.free.is_empty()
    }

    /// A name for `name` that no other tool has.
    fn fitting(&self, name: &str, names: &HashSet<String>) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
        let mut fitting: String = name.chars().map(plain).take(LONGEST).collect();
        if !fitting.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            fitting.insert(0, '_');
            fitting.truncate(LONGEST);
        }
        let taken = |fitting: &String| names.contains(fitting) || self.renamed.contains_key(fitting);
        if name.chars().count() > LONGEST || taken(&fitting) {
            fitting.truncate(LONGEST - 9);
            fitting.push_str(&format!("_{:08x}", fnv(name.as_bytes()) as u32));
        }
        fitting
    }

    fn own<'s>(&'s self, name: &str) -> Option<&'s str> {
        self.renamed.get(name).map(String::as_str)
    }

    /// Undoes it in a whole reply.
    pub fn reply(&self, reply: &mut Reply<'_>) {
        for part in reply.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
            let Part::ToolCall(call) = part else { continue };
            if !call.free_form && self.free.contains(&*call.name) {
                call.free_form = true;
                call.arguments = free_text(&call.arguments).into();
            }
            if let Some(own) = self.own(&call.name) {
                call.name = own.to_owned().into();
            }
        }
    }

    /// Undoes it in one event of a stream. Free text is known at the end of its call.
    pub fn event(&mut self, event: &Event<'_>, out: &mut dyn FnMut(&Event<'_>)) {
        match event {
            Event::PartStart { choice, part, start: PartStart::ToolCall { id, name, free_form } } => {
                let unwrap = !free_form && self.free.contains(&**name);
                if unwrap {
                    self.open.push((*choice, *part, String::new()));
                }
                let name = self.own(name).map_or_else(|| name.borrowed(), Str::new);
                let start = PartStart::ToolCall { id: id.borrowed(), name, free_form: *free_form || unwrap };
                out(&Event::PartStart { choice: *choice, part: *part, start });
            }
            Event::Delta { choice, part, delta: Delta::Text(text) } => match self.opened(*choice, *part) {
                Some(at) => self.open[at].2.push_str(text),
                None => out(event),
            },
            Event::PartEnd { choice, part } => {
                if let Some(at) = self.opened(*choice, *part) {
                    let (choice, part, arguments) = self.open.swap_remove(at);
                    let delta = Delta::Text(free_text(&arguments).into());
                    out(&Event::Delta { choice, part, delta });
                }
                out(event);
            }
            _ => out(event),
        }
    }

    fn opened(&self, choice: u32, part: u32) -> Option<usize> {
        self.open.iter().position(|(of, open, _)| (*of, *open) == (choice, part))
    }
}

/// Gives every tool the name that the target knows it by.
fn rename(request: &mut Request<'_>, at_target: &HashMap<String, String>) {
    let to_target = |name: &mut Str<'_>| {
        if let Some(fitting) = at_target.get(&**name) {
            *name = fitting.clone().into();
        }
    };
    for tool in &mut request.tools {
        if let Tool::Function(function) = tool {
            to_target(&mut function.name);
        }
    }
    match &mut request.tool_choice {
        Some(ToolChoice::Named(name)) => to_target(name),
        Some(ToolChoice::Among { names, .. }) => names.iter_mut().for_each(to_target),
        _ => {}
    }
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        match part {
            Part::ToolCall(call) => to_target(&mut call.name),
            Part::ToolResult(result) => result.name.iter_mut().for_each(to_target),
            _ => {}
        }
    }
}

/// Everybody takes it.
fn fits(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.len() <= LONGEST && name.bytes().all(plain)
}

/// The text that travelled as `{"input": "..."}`; anything else is taken for the text itself.
fn free_text(arguments: &str) -> String {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        input: Str<'a>,
    }
    match serde_json::from_str::<Wrapped<'_>>(arguments) {
        Ok(wrapped) => wrapped.input.to_string(),
        Err(_) => arguments.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{Choice, Function, Raw, Role, ToolCall, Turn};

    fn call(name: &str, arguments: &str) -> Part<'static> {
        Part::ToolCall(ToolCall {
            id: "c".to_owned().into(),
            name: name.to_owned().into(),
            arguments: arguments.to_owned().into(),
            free_form: false,
            signature: None,
            cache: None,
        })
    }

    fn request(names: &[&'static str]) -> Request<'static> {
        let tools = names.iter().map(|name| Tool::Function(Function { name: (*name).into(), ..Function::default() }));
        let turn = Turn { role: Role::Assistant, parts: vec![call(names[0], "{}")], name: None };
        let tool_choice = Some(ToolChoice::Named(names[0].into()));
        Request { tools: tools.collect(), turns: vec![turn], tool_choice, ..Request::default() }
    }

    #[test]
    fn case_012_names_fit_everybody_and_come_back() {
        let long: &str = &"x".repeat(70);
        for (own, expected) in
            [("weather", "weather"), ("a.b", "a_b_"), ("7up", "_7up"), (long, "xxxx"), ("größe", "gr__e")]
        {
            let own: &'static str = own.to_owned().leak();
            let mut asked = request(&[own, "a_b"]);
            let restore = Restore::prepare(&mut asked);
            let name = asked.functions().next().unwrap().name.to_string();
            assert!(fits(&name) && name.starts_with(expected), "{own}: {name}");
            assert!(name != "a_b", "another tool has that name");
            assert_eq!(asked.turns[0].parts, [call(&name, "{}")]);
            assert_eq!(asked.tool_choice, Some(ToolChoice::Named(name.clone().into())));

            let parts = vec![call(&name, "{}"), call("a_b", "{}")];
            let mut reply = Reply { choices: vec![Choice { parts, ..Choice::default() }], ..Reply::default() };
            restore.reply(&mut reply);
            assert_eq!(reply.choices[0].parts, [call(own, "{}"), call("a_b", "{}")]);
        }
        assert!(Restore::prepare(&mut request(&["fine"])).is_nothing());
    }

    /// Were each name looked for among all others, this would take minutes.
    #[test]
    fn many_tools_with_odd_names_are_renamed_in_linear_time() {
        let names: Vec<&'static str> = (0..100_000).map(|number| &*format!("a.{number}").leak()).collect();
        let mut asked = request(&names);
        let restore = Restore::prepare(&mut asked);
        let fitting: HashSet<&str> = asked.functions().map(|function| &*function.name).collect();
        assert!(fitting.len() == names.len() && fitting.iter().all(|name| fits(name)));
        assert_eq!(restore.own(&asked.functions().last().unwrap().name), Some("a.99999"));
    }

    #[test]
    fn free_text_is_unwrapped_whole_and_streamed() {
        let mut asked = request(&["apply.patch"]);
        let Tool::Function(function) = &mut asked.tools[0] else { unreachable!() };
        function.free_form = Raw::parse(r#"{"type":"text"}"#);
        let mut restore = Restore::prepare(&mut asked);

        let parts = vec![call("apply_patch", r#"{"input":"*** \"Begin\"\n"}"#)];
        let mut reply = Reply { choices: vec![Choice { parts, ..Choice::default() }], ..Reply::default() };
        restore.reply(&mut reply);
        let Part::ToolCall(got) = &reply.choices[0].parts[0] else { unreachable!() };
        assert_eq!((&*got.name, &*got.arguments, got.free_form), ("apply.patch", "*** \"Begin\"\n", true));

        let mut got = Vec::new();
        let start = PartStart::ToolCall { id: "c".into(), name: "apply_patch".into(), free_form: false };
        let text = |text: &'static str| Event::Delta { choice: 0, part: 0, delta: Delta::Text(text.into()) };
        let end = Event::PartEnd { choice: 0, part: 0 };
        for event in
            [Event::PartStart { choice: 0, part: 0, start }, text("{\"inp"), text("ut\":\"a\\nb\"}"), end.clone()]
        {
            restore.event(&event, &mut |event| got.push(format!("{event:?}")));
        }
        let start = PartStart::ToolCall { id: "c".into(), name: "apply.patch".into(), free_form: true };
        let expected = [Event::PartStart { choice: 0, part: 0, start }, text("a\nb"), end];
        assert_eq!(got, expected.map(|event| format!("{event:?}")));
    }
}
