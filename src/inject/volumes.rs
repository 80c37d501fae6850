//! The folders that the sidecar and the application share, and those that they must not share.

use serde_json::{Map, Value, json};

use super::pod::{name, rows};
use super::settings::Settings;
use super::variables::{KEY, LEDGER, TRUST};

/// Adds the volumes that are not there yet.
pub(super) fn add(spec: &mut Map<String, Value>, settings: &Settings) {
    let present = rows(spec, "volumes");
    // Key and trust are in memory: neither ever lies on a node's disk. They live as long as the pod, so that a sidecar that is started
    // again keeps the authority that the application trusts.
    let ours = [
        json!({"name": "outrider-config", "configMap": {"name": settings.config_map}}),
        json!({"name": "outrider-key", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}),
        json!({"name": "outrider-trust", "emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}}),
        json!({"name": "outrider-tmp", "emptyDir": {"sizeLimit": "16Mi"}}),
        // What was spent outlives the container; a volume of that name, such as a claim's, outlives the pod.
        json!({"name": "outrider-ledger", "emptyDir": {"sizeLimit": "128Mi"}}),
    ];
    for volume in ours {
        if !present.iter().any(|other| name(other) == name(&volume)) {
            present.push(volume);
        }
    }
}

/// What the sidecar sees of them. The configuration is a folder, because a file that is mounted alone never changes.
pub(super) fn of_sidecar() -> Value {
    json!([
        {"name": "outrider-config", "mountPath": "/etc/outrider", "readOnly": true},
        {"name": "outrider-key", "mountPath": KEY},
        {"name": "outrider-trust", "mountPath": TRUST},
        {"name": "outrider-tmp", "mountPath": "/tmp"},
        {"name": "outrider-ledger", "mountPath": LEDGER},
    ])
}

/// Lets a container of the application read whom to trust.
pub(super) fn show_trust(container: &mut Map<String, Value>) {
    let mounts = rows(container, "volumeMounts");
    if !mounts.iter().any(|mount| name(mount) == "outrider-trust") {
        mounts.push(json!({"name": "outrider-trust", "mountPath": TRUST, "readOnly": true}));
    }
}
