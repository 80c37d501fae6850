//! Schemas and types of the vendors, as a child that is asked about many documents at once.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// One mistake: of which document, by its place among those that were asked about, and what is wrong.
pub type Mistake = (usize, String);

/// What `tests/clients/validate.py` says of documents, each with the name of its schema there. `None`, and a word of
/// it, where there is no Python.
pub fn by_schemas<'a>(specs: &Path, documents: impl Iterator<Item = (&'a str, &'a Value)>) -> Option<Vec<Mistake>> {
    let Some(python) = std::env::var_os("OUTRIDER_PYTHON") else {
        eprintln!("skipped: OUTRIDER_PYTHON does not name a Python with `jsonschema-rs` and the vendors' packages");
        return None;
    };
    let lines: Vec<String> =
        documents.map(|(schema, document)| json!({"schema": schema, "document": document}).to_string()).collect();
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("documents");
    std::fs::write(&input, lines.join("\n") + "\n").unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/validate.py");
    let mut command = Command::new(python);
    let output = command.arg(script).arg(specs).stdin(std::fs::File::open(input).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    let mut verdicts: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verdicts.pop(), Some(json!({"judged": lines.len()})), "it judged every document");
    let mistakes = verdicts.iter().flat_map(|verdict| {
        let at = verdict["at"].as_u64().unwrap() as usize;
        verdict["errors"].as_array().unwrap().iter().map(move |what| (at, what.as_str().unwrap().to_owned()))
    });
    Some(mistakes.collect())
}
