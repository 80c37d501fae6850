//! The application's containers: told where Outrider is and that it may be trusted, and otherwise left alone.
//!
//! What a container sets itself is never changed, only added to where the variable is a list. What comes from `envFrom`
//! can not be seen from here; Kubernetes lets a variable that is named win over it.

use serde_json::{Map, Value, json};

use super::pod::{name, rows};
use super::settings::{Mode, Settings};
use super::variables::{AUTHORITY, BUNDLE, CLUSTER, JAVA, JAVA_FILE, JAVA_NO_PROXY, JAVA_STORE, TRAFFIC_PORT, TRUST};
use super::volumes;
use crate::trust::variables::{ADDED, BUNDLES, LOOPBACK};

/// Containers of meshes, which have their own ways and their own authorities: a proxy for istio's agent would cut it
/// off from its control plane.
const OF_MESHES: [&str; 10] = [
    "outrider",
    "outrider-init",
    "istio-init",
    "istio-proxy",
    "istio-validation",
    "linkerd-init",
    "linkerd-proxy",
    "linkerd-network-validator",
    "kuma-init",
    "kuma-sidecar",
];

/// Prepares every container that is the application's. All of them start after us.
pub(super) fn prepare(spec: &mut Map<String, Value>, settings: &Settings, warnings: &mut Vec<String>) {
    for key in ["initContainers", "containers"] {
        for container in spec.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
            let called = name(container).to_owned();
            if OF_MESHES.contains(&&*called) || settings.skip_containers.contains(&called) {
                continue;
            }
            let Some(container) = container.as_object_mut() else { continue };
            volumes::show_trust(container);
            let kept = tell(rows(container, "env"), settings.mode);
            if !kept.is_empty() {
                warnings.push(format!("container `{called}` keeps its own {}", kept.join(", ")));
            }
        }
    }
}

/// Adds the variables, and returns the names of those that were set to something else already.
fn tell(env: &mut Vec<Value>, mode: Mode) -> Vec<&'static str> {
    let mut kept = if mode == Mode::Proxy { tell_of_proxy(env) } else { Vec::new() };
    // Java too goes by a proxy of the container's own, where it has one.
    let by_us = mode == Mode::Proxy && !kept.iter().any(|name| name.eq_ignore_ascii_case("HTTPS_PROXY"));
    for (variables, file) in [(&BUNDLES[..], BUNDLE), (&ADDED[..], AUTHORITY)] {
        for variable in variables {
            kept.extend(set(env, variable, &format!("{TRUST}/{file}")));
        }
    }
    kept.extend(tell_java(env, by_us));
    kept
}

fn tell_of_proxy(env: &mut Vec<Value>) -> Vec<&'static str> {
    let url = format!("http://127.0.0.1:{TRAFFIC_PORT}");
    // Programs differ in which of the two they prefer, so one of the other case is as good as one of this.
    let own = ["HTTPS_PROXY", "https_proxy"].into_iter().find(|name| is_other(env, name, &url));
    if let Some(own) = own {
        return vec![own];
    }
    let mut kept = Vec::new();
    kept.extend(set(env, "HTTPS_PROXY", &url));
    // Node does not look at HTTPS_PROXY without it.
    kept.extend(set(env, "NODE_USE_ENV_PROXY", "1"));
    kept.extend(extend_no_proxy(env));
    kept
}

/// Both cases say the same: what the container has in either, then ours.
fn extend_no_proxy(env: &mut Vec<Value>) -> Option<&'static str> {
    let of = |variable| env.iter().rfind(|row| name(row) == variable);
    let own = match (of("NO_PROXY"), of("no_proxy")) {
        (Some(row), _) | (None, Some(row)) => match row.get("value").and_then(Value::as_str) {
            Some(value) => value.to_owned(),
            None if row.get("valueFrom").is_some() => return Some("NO_PROXY"),
            None => String::new(),
        },
        (None, None) => String::new(),
    };
    for variable in ["NO_PROXY", "no_proxy"] {
        let place = env.iter().rposition(|row| name(row) == variable);
        let Some(place) = place else {
            env.push(json!({"name": variable, "value": extended(&own)}));
            continue;
        };
        let row = &mut env[place];
        match row.get("value").and_then(Value::as_str).map(extended) {
            Some(value) => row["value"] = value.into(),
            None if row.get("valueFrom").is_some() => return Some(variable),
            None => row["value"] = extended(&own).into(),
        }
    }
    None
}

/// The list with ours in it that it lacks.
fn extended(own: &str) -> String {
    let mut hosts: Vec<&str> = own.split(',').map(str::trim).filter(|host| !host.is_empty()).collect();
    if hosts != ["*"] {
        let missing =
            LOOPBACK.iter().chain(&CLUSTER).filter(|host| !own.split(',').any(|other| other.trim() == **host));
        hosts.extend(missing.collect::<Vec<_>>());
    }
    hosts.join(",")
}

/// Adds the options that are not there; Java takes the last of two, so one of the container's own is left alone.
fn tell_java(env: &mut Vec<Value>, by_us: bool) -> Option<&'static str> {
    let mut options = vec![(JAVA_STORE, format!("{JAVA_STORE}{TRUST}/{JAVA_FILE}"))];
    if by_us {
        options.push(("-Dhttps.proxyHost=", "-Dhttps.proxyHost=127.0.0.1".into()));
        options.push(("-Dhttps.proxyPort=", format!("-Dhttps.proxyPort={TRAFFIC_PORT}")));
        options.push(("-Dhttp.nonProxyHosts=", format!("-Dhttp.nonProxyHosts={JAVA_NO_PROXY}")));
    }
    let Some(row) = env.iter_mut().rfind(|row| name(row) == JAVA) else {
        let all: Vec<_> = options.into_iter().map(|(_, option)| option).collect();
        env.push(json!({"name": JAVA, "value": all.join(" ")}));
        return None;
    };
    let own = match row.get("value").and_then(Value::as_str) {
        Some(own) => own.to_owned(),
        None if row.get("valueFrom").is_some() => return Some(JAVA),
        None => String::new(),
    };
    if own.contains(JAVA_STORE) && !own.contains(&options[0].1) {
        return Some(JAVA);
    }
    let missing = options.into_iter().filter(|(key, _)| !own.contains(key)).map(|(_, option)| option);
    let all: Vec<String> = [own.trim().to_owned()].into_iter().filter(|own| !own.is_empty()).chain(missing).collect();
    row["value"] = all.join(" ").into();
    None
}

/// Sets a variable that is not set. Its name, where it is set to something else.
fn set(env: &mut Vec<Value>, variable: &'static str, value: &str) -> Option<&'static str> {
    if is_other(env, variable, value) {
        return Some(variable);
    }
    if !env.iter().any(|row| name(row) == variable) {
        env.push(json!({"name": variable, "value": value}));
    }
    None
}

/// Set, and not to `value`.
fn is_other(env: &[Value], variable: &str, value: &str) -> bool {
    env.iter().any(|row| name(row) == variable && row.get("value").and_then(Value::as_str) != Some(value))
}
