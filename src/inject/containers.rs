//! Our own containers.
//!
//! The sidecar is a native one (an init container that is always restarted, Kubernetes 1.29): it is ready before the
//! application begins and ends after it, also in a Job. It has no `preStop`: that would run when the pod's deletion
//! begins, while the application still calls.

use serde_json::{Value, json};

use super::settings::{GROUP, Mode, Owner, Settings, Source};
use super::variables::{ADMIN_PORT, AUTHORITY, AUTHORITY_KEY, KEY, LEDGER, REDIRECT_PORT, TRUST};
use super::volumes;

/// In the order in which they start.
pub(super) fn ours(settings: &Settings) -> Vec<Value> {
    match settings.mode {
        Mode::Proxy => vec![sidecar(settings)],
        Mode::Redirect => vec![init(settings), sidecar(settings)],
    }
}

fn sidecar(settings: &Settings) -> Value {
    let ready = json!({"path": "/readyz", "port": "outrider-admin"});
    let mut sidecar = json!({
        "name": "outrider",
        "image": settings.image,
        "args": ["run", "-c", "/etc/outrider/outrider.yaml"],
        "restartPolicy": "Always",
        "env": environment(settings),
        "envFrom": settings.env_from.iter().map(source).collect::<Vec<_>>(),
        "ports": [{"name": "outrider-admin", "containerPort": ADMIN_PORT, "protocol": "TCP"}],
        // Green when the listeners are bound and the application can trust us; nothing else starts before.
        "startupProbe": {"httpGet": ready, "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {"httpGet": ready, "periodSeconds": 5},
        "resources": {
            "requests": {"cpu": settings.cpu_request, "memory": settings.memory_request},
            "limits": {"memory": settings.memory_limit},
        },
        "securityContext": confined(settings.owner),
        "volumeMounts": volumes::of_sidecar(),
    });
    if let Some(fields) = sidecar.as_object_mut() {
        fields.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    }
    sidecar
}

/// Where the application looks for whom to trust is fixed here; a configuration need not say it again.
fn environment(settings: &Settings) -> Vec<Value> {
    let ours = [
        ("OUTRIDER_CA_CERT", format!("{TRUST}/{AUTHORITY}")),
        ("OUTRIDER_CA_KEY", format!("{KEY}/{AUTHORITY_KEY}")),
        ("STATE_DIRECTORY", LEDGER.to_owned()),
    ];
    let ours = ours.into_iter().filter(|(name, _)| !settings.env.iter().any(|(said, _)| said == name));
    let ours = ours.map(|(name, value)| json!({"name": name, "value": value}));
    let said = settings.env.iter().map(|(name, value)| json!({"name": name, "value": value}));
    ours.chain(said).collect()
}

fn source(source: &Source) -> Value {
    match source {
        Source::Secret(name) => json!({"secretRef": {"name": name}}),
        Source::ConfigMap(name) => json!({"configMapRef": {"name": name}}),
    }
}

/// What the strictest pod security standard asks for.
fn confined(owner: Owner) -> Value {
    let mut context = json!({
        "runAsGroup": GROUP,
        "runAsNonRoot": true,
        "readOnlyRootFilesystem": true,
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    if let (Owner::Uid(uid), Some(context)) = (owner, context.as_object_mut()) {
        context.shift_insert(0, "runAsUser".into(), uid.into());
    }
    context
}

/// Root, because a container gives its capabilities to nobody else; NET_ADMIN and nothing more.
fn init(settings: &Settings) -> Value {
    let (flag, id) = match settings.owner {
        Owner::Uid(uid) => ("--uid", uid),
        Owner::Namespace => ("--gid", GROUP),
    };
    json!({
        "name": "outrider-init",
        "image": settings.image,
        "args": ["init", flag, id.to_string(), "--port", REDIRECT_PORT.to_string()],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {
            "runAsUser": 0,
            "runAsGroup": 0,
            "runAsNonRoot": false,
            "readOnlyRootFilesystem": true,
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    })
}
