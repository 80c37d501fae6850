//! Files of Kubernetes objects: every pod and every template of pods in them gets Outrider, the rest passes as it is.

use serde_json::Value;

use super::{Outcome, Settings, inject, yaml};

/// What became of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The file as it is to be.
    pub text: String,
    /// What people should know: which object, and what.
    pub notes: Vec<String>,
    /// Objects that Outrider was asked for and that can not have it; the file is not to be used.
    pub refused: Vec<String>,
    /// An object that was changed had comments, which are gone.
    pub lost_comments: bool,
}

/// Goes through all documents of `text`. An error: it is no YAML, and where.
pub fn change(text: &str, settings: &Settings) -> Result<Changed, String> {
    let mut changed = Changed::default();
    for (index, (line, document)) in yaml::documents(text).into_iter().enumerate() {
        let value = yaml::read(document).map_err(|bad| format!("line {}: {}", line + bad.line, bad.what))?;
        let mut new = value.clone();
        changed.object(&mut new, settings);
        if index > 0 || document.starts_with("---") {
            changed.text.push_str("---\n");
        }
        if new == value {
            // With its comments, its anchors and its style.
            changed.text.push_str(document.strip_prefix("---\n").unwrap_or(document));
        } else {
            changed.text.push_str(&yaml::write(&new));
            changed.lost_comments |= document.lines().any(has_comment);
        }
        if !changed.text.ends_with('\n') {
            changed.text.push('\n');
        }
    }
    Ok(changed)
}

/// At least it looks like one; it may be a part of a text.
fn has_comment(line: &str) -> bool {
    line.trim_start().starts_with('#') || line.contains(" #")
}

impl Changed {
    fn object(&mut self, object: &mut Value, settings: &Settings) {
        if object.get("kind").and_then(Value::as_str) == Some("List") {
            // A list in a list is none of Kubernetes'; its objects stay as they are.
            for item in object.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
                self.one(item, settings);
            }
        } else {
            self.one(object, settings);
        }
    }

    fn one(&mut self, object: &mut Value, settings: &Settings) {
        let called = name(object);
        let Some(pod) = pod_of(object) else { return };
        match inject(pod, settings) {
            Outcome::Injected { pod: new, warnings } => {
                *pod = new;
                self.notes.extend(warnings.into_iter().map(|warning| format!("{called}: {warning}")));
            }
            Outcome::Skipped(why) => self.notes.push(format!("{called}: left as it is: {why}")),
            Outcome::Refused(why) => self.refused.push(format!("{called}: {why}")),
        }
    }
}

/// The pod that an object is, or the template of those that it makes.
fn pod_of(object: &mut Value) -> Option<&mut Value> {
    let kind = object.get("kind").and_then(Value::as_str)?;
    let steps: &[&str] = match (object.get("apiVersion").and_then(Value::as_str)?, kind) {
        ("v1", "Pod") => &[],
        ("v1", "ReplicationController")
        | ("apps/v1", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch/v1", "Job") => &["spec", "template"],
        ("batch/v1", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    };
    steps.iter().try_fold(object, |object, step| object.get_mut(step))
}

/// As kubectl calls it.
fn name(object: &Value) -> String {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or("object");
    let metadata = object.get("metadata");
    let name = ["name", "generateName"].iter().find_map(|key| metadata?.get(key)?.as_str());
    format!("{}/{}", kind.to_lowercase(), name.unwrap_or("without-a-name"))
}
