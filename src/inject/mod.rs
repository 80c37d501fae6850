//! Outrider put into a pod of Kubernetes.
//!
//! A pod goes in as JSON, and comes out with the sidecar in it and with its containers told how to reach and trust it.
//! It is the same for the webhook ([`review`]) and for files ([`manifest`]). Nothing here reads a file, a clock or a
//! socket, and doing it twice changes nothing the second time.

mod application;
mod choice;
mod containers;
pub mod manifest;
mod pod;
pub mod review;
mod settings;
mod values;
mod variables;
mod volumes;
mod yaml;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub use choice::ANNOTATION as INJECT;
pub use settings::{Mode, Owner, Settings};

use choice::Choice;
use pod::{Pod, rows, table};

/// What became of a pod.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Outrider is in it.
    Injected {
        /// The pod as it is to be.
        pod: Value,
        /// What may not work as hoped.
        warnings: Vec<String>,
    },
    /// Nobody wants it there, or it can not be there; the pod stays as it is. Why, in words.
    Skipped(String),
    /// It was asked for and would do harm; the pod stays as it is. Why, in words.
    Refused(String),
}

/// Puts Outrider into `pod`, an object of kind Pod or the template of one.
pub fn inject(pod: &Value, settings: &Settings) -> Outcome {
    match checked(pod, settings) {
        Ok(outcome) => outcome,
        Err(problem) => Outcome::Refused(problem),
    }
}

fn checked(value: &Value, settings: &Settings) -> Result<Outcome, String> {
    let pod = Pod::of(value)?;
    match choice::of(&pod, settings.only_enabled) {
        Choice::Yes => {}
        Choice::No(why) => return Ok(Outcome::Skipped(why)),
    }
    if let Some(why) = choice::impossible(&pod) {
        return Ok(Outcome::Skipped(why));
    }
    let (settings, mut warnings) = settings.for_pod(&pod)?;
    choice::clash(&pod, &settings)?;
    let mut patched = value.clone();
    let spec = patched.get_mut("spec").and_then(Value::as_object_mut).ok_or("the pod has no spec")?;
    put_first(spec, containers::ours(&settings));
    application::prepare(spec, &settings, &mut warnings);
    volumes::add(spec, &settings);
    say_so(&mut patched);
    Ok(Outcome::Injected { pod: patched, warnings })
}

/// Our containers before all others, also those that a mesh has put in front: what starts after us can already be
/// served. One that is there already stays as it is; somebody may have changed it on purpose.
fn put_first(spec: &mut Map<String, Value>, ours: Vec<Value>) {
    let present = rows(spec, "initContainers");
    for (place, container) in ours.into_iter().enumerate() {
        let same = |other: &Value| pod::name(other) == pod::name(&container);
        let container = match present.iter().position(same) {
            Some(there) => present.remove(there),
            None => container,
        };
        present.insert(place.min(present.len()), container);
    }
}

/// By this label monitoring and network policies find the pods that have Outrider.
fn say_so(pod: &mut Value) {
    let Some(pod) = pod.as_object_mut() else { return };
    table(table(pod, "metadata"), "labels").insert("outrider.dev/sidecar".into(), "true".into());
}
