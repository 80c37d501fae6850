//! Whether a pod gets Outrider.

use serde_json::Value;

use super::pod::{Pod, name};
use super::settings::{GROUP, Owner, Settings};

/// What a pod says, as an annotation or as a label: `enabled` or `disabled`.
pub const ANNOTATION: &str = "outrider.dev/inject";

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// It gets it.
    Yes,
    /// It does not, and why.
    No(String),
}

/// What the pod wants. The annotation counts more than the label, which exists because webhooks can select by it.
pub(super) fn of(pod: &Pod<'_>, only_enabled: bool) -> Choice {
    let said = pod.annotation(ANNOTATION).or_else(|| pod.label(ANNOTATION));
    match said {
        Some("enabled" | "true") => Choice::Yes,
        Some("disabled" | "false") => Choice::No(format!("{ANNOTATION} says disabled")),
        // Whoever says something meant something; staying away is what harms least.
        Some(other) => Choice::No(format!("{ANNOTATION} says `{other:.40}`, neither enabled nor disabled")),
        None if only_enabled => Choice::No(format!("nothing asks for it with {ANNOTATION}: enabled")),
        None => Choice::Yes,
    }
}

/// Why Outrider can not be in this pod, whoever wants it.
pub(super) fn impossible(pod: &Pod<'_>) -> Option<String> {
    // Its rules and its ports would be those of the whole node.
    if pod.spec.get("hostNetwork") == Some(&Value::Bool(true)) {
        return Some("the pod uses its node's network (hostNetwork)".into());
    }
    if pod.spec.get("os").is_some_and(|os| name(os) == "windows") {
        return Some("the pod is one of Windows".into());
    }
    let containers = pod.spec.get("containers").and_then(Value::as_array).into_iter().flatten();
    let ours = |container: &&Value| matches!(name(container), "outrider" | "outrider-init");
    containers.into_iter().find(ours).map(|there| format!("it has a container `{}` of its own", name(there)))
}

/// A container that runs as Outrider does would go past it unseen, and could read its key.
pub(super) fn clash(pod: &Pod<'_>, settings: &Settings) -> Result<(), String> {
    let (key, id) = match settings.owner {
        Owner::Uid(uid) => ("runAsUser", uid),
        Owner::Namespace => ("runAsGroup", GROUP),
    };
    let has = |holder: &Value| holder.get("securityContext").and_then(|context| context.get(key)?.as_u64());
    let whole = pod.spec.get("securityContext").and_then(|context| context.get(key)?.as_u64());
    if whole == Some(id.into()) {
        return Err(format!("the pod has {key} {id}, which is Outrider's own"));
    }
    let others = pod.containers().filter(|container| !matches!(name(container), "outrider" | "outrider-init"));
    match others.into_iter().find(|container| has(container) == Some(id.into())) {
        Some(container) => Err(format!("container `{}` has {key} {id}, which is Outrider's own", name(container))),
        None => Ok(()),
    }
}
