//! Functions and their calls in the form that OpenAI gave them and that others took over: an object with a `function`.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::canonical::{Dialect, Foreign, Function, Lost, Raw, Str, Tool, ToolCall as Call, made_up_id};

/// A call, read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ToolCall<'a> {
    /// Its id, which some leave out.
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    /// What is called.
    #[serde(borrow)]
    pub function: Option<Called<'a>>,
}

/// What is called.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Called<'a> {
    /// The function.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// A text that holds JSON in one dialect, an object in another; clients of either are seen to send the other's.
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
}

impl<'a> ToolCall<'a> {
    /// The call. `answer` names what it stands in, where it has no id; `arguments` reads them.
    pub fn read(self, answer: &str, at: usize, arguments: fn(Option<&'a RawValue>) -> Str<'a>) -> Call<'a> {
        let function = self.function.unwrap_or_default();
        Call {
            id: self.id.filter(|id| !id.is_empty()).unwrap_or_else(|| made_up_id(answer, at).into()),
            name: function.name.unwrap_or_default(),
            arguments: arguments(function.arguments),
            free_form: false,
            signature: None,
            cache: None,
        }
    }
}

/// A tool of a client's request: a function, or what only `dialect` knows.
pub fn read(raw: &RawValue, dialect: Dialect) -> serde_json::Result<Tool<'_>> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow, default, rename = "type")]
        kind: Option<Str<'a>>,
        #[serde(borrow, default)]
        function: Option<Declared<'a>>,
    }
    #[derive(Deserialize)]
    struct Declared<'a> {
        #[serde(borrow)]
        name: Str<'a>,
        #[serde(borrow, default)]
        description: Option<Str<'a>>,
        #[serde(borrow, default)]
        parameters: Option<Raw<'a>>,
    }
    let wire: Wire<'_> = serde_json::from_str(raw.get())?;
    Ok(match wire.function {
        Some(Declared { name, description, parameters }) => {
            Tool::Function(Function { name, description, parameters, ..Function::default() })
        }
        None => {
            let kind = wire.kind.unwrap_or_default();
            Tool::Foreign(Foreign { dialect, kind, json: Raw::from(raw) })
        }
    })
}

/// A tool, written.
#[derive(Serialize)]
#[serde(untagged)]
pub enum ToolOut<'r> {
    /// One that the client runs.
    Function {
        /// `function`.
        #[serde(rename = "type")]
        kind: &'static str,
        /// It.
        function: FunctionOut<'r>,
    },
    /// One that the dialect alone knows, as it came.
    Foreign(&'r Raw<'r>),
}

/// A function, written.
#[derive(Serialize)]
pub struct FunctionOut<'r> {
    name: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'r str>,
    parameters: Cow<'r, RawValue>,
}

/// A function as a target takes it that knows no others.
pub fn write<'r>(function: &'r Function<'_>, lost: &mut Lost) -> ToolOut<'r> {
    lost.add_if(function.cache.is_some(), "cache_control");
    lost.add_if(function.free_form.is_some(), "tools.custom");
    let parameters = match &function.free_form {
        Some(_) => Cow::Borrowed(ONE_TEXT),
        None => parameters(function.parameters.as_ref()),
    };
    let parameters = match parameters {
        Cow::Borrowed(text) => serde_json::from_str(text).map(Cow::Borrowed).ok(),
        Cow::Owned(text) => RawValue::from_string(text).map(Cow::Owned).ok(),
    };
    // It is JSON: it was read as such.
    let parameters = parameters.unwrap_or(Cow::Borrowed(RawValue::NULL));
    let function = FunctionOut { name: &function.name, description: function.description.as_deref(), parameters };
    ToolOut::Function { kind: "function", function }
}

/// What a tool that takes free text takes where there are only functions: the text as its one argument.
pub const ONE_TEXT: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// A schema that says that it is one of an object, and of which members, be they none: servers and the templates of
/// models go through both.
pub fn parameters<'r>(schema: Option<&'r Raw<'_>>) -> Cow<'r, str> {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "type", default, deserialize_with = "there")]
        kind: bool,
        #[serde(default, deserialize_with = "there")]
        properties: bool,
    }
    const NONE: &str = r#"{"type":"object","properties":{}}"#;
    let Some(schema) = schema.filter(|schema| schema.is_object()) else { return Cow::Borrowed(NONE) };
    let rest = schema.as_str().get(1..).unwrap_or_default();
    if rest.trim_start().starts_with('}') {
        return Cow::Borrowed(NONE);
    }
    let missing = match schema.read::<Typed>() {
        // Something is there twice, which is theirs to judge.
        Err(_) => return Cow::Borrowed(schema.as_str()),
        Ok(Typed { kind: true, properties: true }) => return Cow::Borrowed(schema.as_str()),
        Ok(Typed { kind: true, properties: false }) => r#""properties":{}"#,
        Ok(Typed { kind: false, properties: true }) => r#""type":"object""#,
        Ok(Typed { kind: false, properties: false }) => r#""type":"object","properties":{}"#,
    };
    Cow::Owned(format!("{{{missing},{rest}"))
}

fn there<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_of_objects() {
        let check = |schema: &str, expected: &str| {
            let raw = Raw::parse(schema).unwrap();
            assert_eq!(parameters(Some(&raw)), expected, "{schema}");
        };
        const NONE: &str = r#"{"type":"object","properties":{}}"#;
        assert_eq!(parameters(None), NONE);
        for nothing in ["{}", "{ \n}", "null", "[]", "7"] {
            check(nothing, NONE);
        }
        check(r#"{"type":"object"}"#, r#"{"properties":{},"type":"object"}"#);
        check(r#"{ "properties":{"a":{}}}"#, r#"{"type":"object", "properties":{"a":{}}}"#);
        check(r#"{"required":[]}"#, r#"{"type":"object","properties":{},"required":[]}"#);
        for whole in [r#"{"type":null,"properties":1.50}"#, r#"{"type":"object","type":"x"}"#] {
            check(whole, whole);
        }
    }
}
