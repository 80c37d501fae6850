//! YAML as a tree in which every value and every key knows its place.
//!
//! Built from the parser's events rather than by its own loader, because that one stops at the first repeated key and
//! bounds neither depth nor size. Scalars stay text: what `429` means is for the setting that reads it to say.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub at: At,
    /// What it is.
    pub data: Data,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Nothing, or `null`.
    Null,
    /// Any text, number or truth value, as it is written.
    Scalar(String),
    /// Values in order.
    List(Vec<Node>),
    /// Names with values, in order, repeated names included.
    Map(Vec<Entry>),
}

/// A name with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// Where the name begins.
    pub at: At,
    /// The value.
    pub value: Node,
}

/// Line and column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// Something that is no YAML, or none that we take.
#[derive(Clone, Debug, PartialEq)]
pub struct Bad {
    /// Where.
    pub at: At,
    /// What is wrong.
    pub what: String,
}

/// The one document of `text`. Everything bad that can be skipped is added to `bad`; `Err` is what can not.
pub fn read(text: &str, bad: &mut Vec<Bad>) -> Result<Node, Bad> {
    let mut tree = Tree { open: Vec::new(), anchors: HashMap::new(), root: None, nodes: 0, bad };
    let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|e| Bad { at: e.marker().into(), what: explain(e.info()) })?;
        tree.take(event, span.start.into())?;
    }
    Ok(tree.root.unwrap_or(Node { at: At { line: 1, column: 1 }, data: Data::Null }))
}

/// Far deeper than any configuration, and shallow enough to walk the tree by recursion.
const DEEPEST: usize = 64;

/// Far more than any configuration; bounds what anchors that hold anchors can multiply to.
const MOST_NODES: usize = 100_000;

struct Tree<'a> {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
    bad: &'a mut Vec<Bad>,
}

/// A list or map whose end has not come yet.
struct Open {
    at: At,
    anchor: usize,
    data: Data,
    /// In a map, the key whose value comes next; the inner `None` is a key that can not be used.
    key: Option<Option<(String, At)>>,
}

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>, at: At) -> Result<(), Bad> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                return Err(Bad { at, what: "a second YAML document begins here; only one is read".into() });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.check_tag(tag.as_deref(), at);
                let text = text.into_owned();
                let null = style == ScalarStyle::Plain
                    && tag.is_none()
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let data = if null { Data::Null } else { Data::Scalar(text) };
                self.put(Node { at, data }, anchor)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), at);
                self.open(at, anchor, Data::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), at);
                self.open(at, anchor, Data::Map(Vec::new()))?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { at, anchor, mut data, .. }) = self.open.pop() else { return Ok(()) };
                if let Data::Map(entries) = &mut data {
                    merge(entries);
                }
                self.put(Node { at, data }, anchor)?;
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => {
                    let node = node.clone();
                    self.count(size(&node), at)?;
                    self.put(node, 0)?;
                }
                None => return Err(Bad { at, what: "this alias stands inside what it stands for".into() }),
            },
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, at: At, anchor: usize, data: Data) -> Result<(), Bad> {
        if self.open.len() == DEEPEST {
            return Err(Bad { at, what: format!("nested deeper than {DEEPEST} levels") });
        }
        self.open.push(Open { at, anchor, data, key: None });
        Ok(())
    }

    /// A whole node goes where the next one is expected.
    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Bad> {
        self.count(1, node.at)?;
        if anchor > 0 {
            self.count(size(&node), node.at)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut parent.data, parent.key.take()) {
            (Data::List(items), _) => items.push(node),
            (Data::Map(entries), Some(Some((name, at)))) => entries.push(Entry { name, at, value: node }),
            (Data::Map(_), None) => match node.data {
                Data::Scalar(name) => parent.key = Some(Some((name, node.at))),
                _ => {
                    self.bad
                        .push(Bad { at: node.at, what: "a key must be a name, not nothing, a list or a map".into() });
                    parent.key = Some(None);
                }
            },
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, at: At) -> Result<(), Bad> {
        self.nodes += nodes;
        match self.nodes > MOST_NODES {
            true => Err(Bad { at, what: format!("more than {MOST_NODES} values") }),
            false => Ok(()),
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, at: At) {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
            self.bad.push(Bad { at, what: format!("the YAML tag `{}{}` means nothing here", tag.handle, tag.suffix) });
        }
    }
}

/// YAML 1.1's `<<: *anchor`: the entries of the other map (or maps) that this one does not have itself.
fn merge(entries: &mut Vec<Entry>) {
    let merges = |entry: &Entry| entry.name == "<<" && maps(&entry.value).is_some();
    while let Some(index) = entries.iter().position(merges) {
        let source = entries.remove(index).value;
        for new in maps(&source).into_iter().flatten().flatten() {
            if entries.iter().all(|own| own.name != new.name) {
                entries.push(new.clone());
            }
        }
    }
}

/// The maps that `<<` names: one, or a list of nothing else.
fn maps(node: &Node) -> Option<Vec<&[Entry]>> {
    match &node.data {
        Data::Map(entries) => Some(vec![entries]),
        Data::List(items) => items.iter().map(|item| maps(item).filter(|maps| maps.len() == 1)?.pop()).collect(),
        _ => None,
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.data {
        Data::Null | Data::Scalar(_) => 0,
        Data::List(items) => items.iter().map(size).sum(),
        Data::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
    }
}

/// The parser's words, and ours where it is known what people do.
fn explain(info: &str) -> String {
    match info.contains("tab") {
        true => format!("not YAML: {info} (indent with spaces)"),
        false => format!("not YAML: {info}"),
    }
}

impl From<&Marker> for At {
    fn from(marker: &Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1 }
    }
}

impl From<Marker> for At {
    fn from(marker: Marker) -> Self {
        Self::from(&marker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in short: names and texts, each with its place.
    fn show(node: &Node) -> String {
        let At { line, column } = node.at;
        match &node.data {
            Data::Null => format!("null@{line}:{column}"),
            Data::Scalar(text) => format!("{text}@{line}:{column}"),
            Data::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" ")),
            Data::Map(entries) => {
                let entries =
                    entries.iter().map(|e| format!("{}@{}:{}={}", e.name, e.at.line, e.at.column, show(&e.value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[test]
    fn values_and_keys_know_their_places() {
        let check = |text: &str, expected: &str| {
            let mut bad = Vec::new();
            assert_eq!(read(text, &mut bad).as_ref().map(show), Ok(expected.to_owned()), "{text}");
            assert_eq!(bad, []);
        };
        check("", "null@1:1");
        check("# nothing\n", "null@1:1");
        check("\u{feff}a: 1", "{a@1:1=1@1:4}");
        check("---\na:\n  - b\n  - {c: ~}\n...\n", "{a@2:1=[b@3:5 {c@4:6=null@4:9}]}");
        check("a: 'null'\nb: !!str null", "{a@1:1=null@1:4 b@2:1=null@2:4}");
        check("a: 1\na: 2", "{a@1:1=1@1:4 a@2:1=2@2:4}");
        check("a: &x [1]\nb: *x", "{a@1:1=[1@1:8] b@2:1=[1@1:8]}");
        check(
            "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}",
            "{a@1:1={p@1:8=1@1:11 q@1:14=2@1:17} b@2:1={q@2:13=3@2:16 p@1:8=1@1:11}}",
        );
        check("a: {<<: 1}", "{a@1:1={<<@1:5=1@1:9}}");
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_place() {
        let check = |text: &str, line: usize, column: usize, part: &str| {
            let mut bad = Vec::new();
            let end = read(text, &mut bad).err();
            let first = bad.into_iter().chain(end).next().unwrap_or_else(|| panic!("taken: {text:.80}"));
            assert_eq!((first.at.line, first.at.column), (line, column), "{text:.80}: {}", first.what);
            assert!(first.what.contains(part), "{text:.80}: {}", first.what);
        };
        check("a: 1\n---\nb: 2", 2, 1, "second YAML document");
        check("a: [1, 2", 2, 1, "not YAML");
        check("a:\n\tb: 1", 2, 2, "indent with spaces");
        check("a: !secret x", 1, 4, "`!secret`");
        check("? [a]\n: 1", 1, 3, "a key must be a name");
        check("~: 1", 1, 1, "a key must be a name");
        check("a: &x [*x]", 1, 8, "alias");
        check(&"[".repeat(100), 1, 65, "nested deeper");
        check(&"[".repeat(100_000), 1, 256, "recursion limit");
        check(&(0..100).map(|i| format!("{}a:\n", " ".repeat(i))).collect::<String>(), 65, 65, "nested deeper");
        check(&format!("[{}]", "1,".repeat(MOST_NODES + 1)), 1, 200_002, "more than");
        let laughs =
            (1..30).fold("a0: &a0 [x]\n".to_owned(), |text, i| format!("{text}a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1));
        check(&laughs, 15, 12, "more than");
    }
}
