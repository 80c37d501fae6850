//! What is never printed: keys, tokens and the values of headers.
//!
//! A secret is a reference (`${VARIABLE}` or `{file: path}`); written out in the file it works, with a warning,
//! because the file is what people paste into tickets. Debug and every view of the configuration show `***`.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::reader::Reader;
use super::setting::Setting;
use super::yaml::{Data, Node};

/// A text that is used and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

/// The value of a header: not shown, because many a header carries a key, but not a secret by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderText(pub Secret);

/// Far longer than any key, and far from eating memory if a path points at the wrong file.
const LONGEST: u64 = 64 * 1024;

const WANTED: &str = "a secret: `${VARIABLE}` or `{file: path}`";

impl Secret {
    /// The text itself. Only for what sends it or compares it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Setting for Secret {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let secret = match &node.data {
            Data::Map(_) => from_file(node, reader)?,
            // Not `unexpected`: a problem must not quote what may be a key.
            Data::List(_) => return reader.wrong(node.at, format!("expected {WANTED}, found a list"), "name one"),
            Data::Null => return reader.unexpected(node, WANTED),
            Data::Scalar(text) => {
                if !text.contains("${") {
                    let help = "write it as `${VARIABLE}` or `{file: path}`, so that the file can be shared";
                    reader.warn(node.at, "a secret stands in this file", help);
                }
                reader.text(node, WANTED)?
            }
        };
        // The newline that editors and `echo` leave at the end is not part of it.
        let secret = secret.trim_end_matches(['\r', '\n']);
        match secret.is_empty() {
            true => reader.wrong(node.at, "the secret is empty", "set the variable, or fill the file, it comes from"),
            false => Some(secret.to_owned().into()),
        }
    }

    fn show(&self) -> Value {
        json!("***")
    }
}

impl Setting for HeaderText {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.data {
            Data::Map(_) => Secret::read(node, reader).map(Self),
            _ => reader.text(node, "the header's value").map(|text| Self(text.into())),
        }
    }

    fn show(&self) -> Value {
        self.0.show()
    }
}

/// `{file: path}`.
fn from_file(node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    let entries = reader.entries(node, WANTED)?;
    let [entry] = entries[..] else { return reader.wrong(node.at, "`{file: path}` has one key", "name the file") };
    if entry.name != "file" {
        return reader.wrong(entry.at, "a secret that is a map has the key `file` alone", "write `{file: path}`");
    }
    let path = reader.text(&entry.value, "the path of a file")?;
    let bytes = reader.file(entry.value.at, &path, LONGEST)?;
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(_) => reader.wrong(entry.value.at, "the file is not text", "put nothing but the secret into it"),
    }
}
