//! The names of the tools that a request offers, in whatever dialect.
//!
//! Asked only about an answer that calls one, and of the value of the request's `tools` alone: a request need not be read
//! for it, whatever its length.

use std::collections::HashSet;

use serde::Deserialize;

use super::wire::List;
use crate::canonical::Str;

/// Lists within lists: a namespace of functions has one.
const DEEPEST: u32 = 4;

/// The tools that a request offers.
#[derive(Debug, Default)]
pub struct Offered {
    names: HashSet<Box<str>>,
    /// There are tools of other names: a provider's own, or those of a server that it asks.
    open: bool,
}

/// A tool, or what holds some, as any dialect has it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    /// Anthropic's, Responses', Gemini's.
    #[serde(borrow)]
    name: Str<'a>,
    /// Chat's, Cohere's and Ollama's.
    #[serde(borrow)]
    function: Option<Box<Wire<'a>>>,
    /// Chat's, of tools that take free text.
    #[serde(borrow)]
    custom: Option<Box<Wire<'a>>>,
    /// Converse's.
    #[serde(borrow, rename = "toolSpec")]
    tool_spec: Option<Box<Wire<'a>>>,
    /// Gemini's; its SDKs write both.
    #[serde(borrow, rename = "functionDeclarations", alias = "function_declarations")]
    declared: Option<List<Wire<'a>>>,
    /// Responses' namespaces, and Converse's `toolConfig`.
    #[serde(borrow)]
    tools: Option<List<Wire<'a>>>,
    /// Converse's mark in the list.
    #[serde(rename = "cachePoint")]
    cache_point: Option<serde::de::IgnoredAny>,
}

impl Offered {
    /// What the value of `tools`, or of Converse's `toolConfig`, offers. `None`: nothing, or nothing that can be read.
    pub fn read(value: &[u8]) -> Option<Self> {
        let mut offered = Self::default();
        match value.first()? {
            b'[' => {
                let List(tools) = serde_json::from_slice::<List<Wire<'_>>>(value).ok()?;
                tools.iter().for_each(|tool| offered.add(tool, 0));
            }
            _ => offered.add(&serde_json::from_slice::<Wire<'_>>(value).ok()?, 0),
        }
        (offered.open || !offered.names.is_empty()).then_some(offered)
    }

    /// Whether a tool of this name may be called.
    pub fn has(&self, name: &str) -> bool {
        self.open || self.names.contains(name)
    }

    fn add(&mut self, tool: &Wire<'_>, depth: u32) {
        let inner = [&tool.function, &tool.custom, &tool.tool_spec].into_iter().flatten();
        let lists = [&tool.declared, &tool.tools].into_iter().flatten();
        let mut within = inner.map(|tool| &**tool).chain(lists.flat_map(|List(tools)| tools)).peekable();
        match within.peek() {
            Some(_) if depth < DEEPEST => within.for_each(|tool| self.add(tool, depth + 1)),
            None if !tool.name.is_empty() => _ = self.names.insert(tool.name.as_str().into()),
            None if tool.cache_point.is_some() => {}
            _ => self.open = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialects_tools() {
        let check = |value: &str, names: &[&str], open: bool| {
            let offered = Offered::read(value.as_bytes()).unwrap_or_default();
            let mut found: Vec<&str> = offered.names.iter().map(|name| &**name).collect();
            found.sort_unstable();
            assert_eq!((found.as_slice(), offered.open), (names, open), "{value}");
        };
        let schema = r#"{"type":"object","properties":{"name":{"type":"string"}}}"#;
        check(&format!(r#"[{{"type":"function","function":{{"name":"f","parameters":{schema}}}}}]"#), &["f"], false);
        check(
            r#"[{"type":"custom","custom":{"name":"g"}},{"type":"function","function":{"name":"f"}}]"#,
            &["f", "g"],
            false,
        );
        check(&format!(r#"[{{"type":"function","name":"f","parameters":{schema}}}]"#), &["f"], false);
        check(r#"[{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"}]}]"#, &["f"], false);
        check(r#"[{"type":"function","name":"f"},{"type":"web_search"}]"#, &["f"], true);
        check(
            &format!(r#"[{{"name":"f","input_schema":{schema}}},{{"type":"bash_20250124","name":"bash"}}]"#),
            &["bash", "f"],
            false,
        );
        check(r#"[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}]"#, &["f", "g"], false);
        check(r#"[{"function_declarations":[{"name":"f"}]},{"google_search":{}}]"#, &["f"], true);
        check(
            r#"{"tools":[{"toolSpec":{"name":"f"}},{"cachePoint":{"type":"default"}}],"toolChoice":{}}"#,
            &["f"],
            false,
        );
        check("[]", &[], false);
        check("{}", &[], true);
        check("null", &[], false);
        check("[1]", &[], false);
        check("[{", &[], false);
    }
}
