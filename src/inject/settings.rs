//! How Outrider is to be in a pod: what the operator says for all, and what the pod says for itself.

use super::pod::Pod;
use super::values::{image, list, name, quantity, variables};

/// Nobody else's: not istio's 1337, linkerd's 2102, kuma's 5678, nor what images like to use.
pub(super) const USER: u32 = 14661;

/// The group, by which own traffic is known where the user is not ours to choose.
pub(super) const GROUP: u32 = 14661;

/// What a pod may say for itself, below `outrider.dev/`.
const KNOWN: [&str; 11] = [
    "inject",
    "config-map",
    "mode",
    "image",
    "uid",
    "env",
    "env-from",
    "skip-containers",
    "cpu-request",
    "memory-request",
    "memory-limit",
];

/// Everything that decides how a pod is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The image of Outrider.
    pub image: String,
    /// The ConfigMap with `outrider.yaml` in it.
    pub config_map: String,
    /// How the application's calls come to it.
    pub mode: Mode,
    /// As whom it runs.
    pub owner: Owner,
    /// Leave pods alone that do not ask for it.
    pub only_enabled: bool,
    /// More variables for the sidecar.
    pub env: Vec<(String, String)>,
    /// Secrets and ConfigMaps whose entries are variables of the sidecar.
    pub env_from: Vec<Source>,
    /// Containers that are not told of Outrider.
    pub skip_containers: Vec<String>,
    /// What it asks for of a processor.
    pub cpu_request: String,
    /// What it asks for of memory.
    pub memory_request: String,
    /// How much memory it may have.
    pub memory_limit: String,
}

/// How calls come to Outrider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By HTTPS_PROXY; needs nothing that the strictest pod security standard forbids.
    Proxy,
    /// By rules in the pod's network, which an init container with NET_ADMIN makes.
    Redirect,
}

/// As whom the sidecar runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A user of its own, by whom own traffic is known.
    Uid(u32),
    /// The user that the namespace assigns to all containers, as OpenShift does; own traffic is known by the group.
    Namespace,
}

/// Where variables come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A Secret.
    Secret(String),
    /// A ConfigMap.
    ConfigMap(String),
}

impl Settings {
    /// The defaults, for this image.
    pub fn new(image: &str) -> Self {
        Self {
            image: image.to_owned(),
            config_map: "outrider".into(),
            mode: Mode::Proxy,
            owner: Owner::Uid(USER),
            only_enabled: false,
            env: Vec::new(),
            env_from: Vec::new(),
            skip_containers: Vec::new(),
            cpu_request: "50m".into(),
            memory_request: "32Mi".into(),
            memory_limit: "256Mi".into(),
        }
    }

    /// These with what the pod says for itself, and what it says in vain.
    pub(super) fn for_pod(&self, pod: &Pod<'_>) -> Result<(Self, Vec<String>), String> {
        let mut own = self.clone();
        let mut warnings = Vec::new();
        // OpenShift's admission writes this where it has assigned a user; it would refuse one of ours.
        if pod.annotation("openshift.io/scc").is_some() {
            own.owner = Owner::Namespace;
        }
        for (name, value) in pod.annotations() {
            let Some(key) = name.strip_prefix("outrider.dev/") else { continue };
            let value = value.as_str().map(str::trim).unwrap_or_default();
            if !KNOWN.contains(&key) {
                warnings.push(format!("the annotation outrider.dev/{key:.60} means nothing here"));
            } else if let Err(expected) = own.set(key, value) {
                return Err(format!("the annotation outrider.dev/{key} has to be {expected}, not `{value:.60}`"));
            }
        }
        own.mode = in_use(pod).unwrap_or(own.mode);
        Ok((own, warnings))
    }

    /// Sets what the annotation `outrider.dev/<key>` sets. An error: what it has to be.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        match key {
            "config-map" => self.config_map = name(value)?,
            "mode" => self.mode = value.parse()?,
            "image" => self.image = image(value)?,
            "uid" => self.owner = value.parse()?,
            "env" => self.env.extend(variables(value)?),
            "env-from" => self.env_from.extend(list(value).map(str::parse).collect::<Result<Vec<_>, _>>()?),
            "skip-containers" => self.skip_containers.extend(list(value).map(str::to_owned)),
            "cpu-request" => self.cpu_request = quantity(value)?,
            "memory-request" => self.memory_request = quantity(value)?,
            "memory-limit" => self.memory_limit = quantity(value)?,
            _ => {}
        }
        Ok(())
    }
}

impl Mode {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Redirect => "redirect",
        }
    }
}

impl std::str::FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "proxy" => Ok(Self::Proxy),
            "redirect" => Ok(Self::Redirect),
            _ => Err("proxy or redirect"),
        }
    }
}

impl std::str::FromStr for Owner {
    type Err = &'static str;

    /// A number, but not root's: whoever is not asked for a user often is root, and would not be seen.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "a user id from 1 to 2147483647, or `namespace`";
        match text.parse::<i32>() {
            _ if text == "namespace" => Ok(Self::Namespace),
            Ok(uid @ 1..) => Ok(Self::Uid(uid.unsigned_abs())),
            _ => Err(expected),
        }
    }
}

impl std::str::FromStr for Source {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "secret/NAME or config-map/NAME, separated by commas";
        match text.split_once('/').ok_or(expected)? {
            ("secret", of) => Ok(Self::Secret(name(of).map_err(|_| expected)?)),
            ("config-map" | "configmap", of) => Ok(Self::ConfigMap(name(of).map_err(|_| expected)?)),
            _ => Err(expected),
        }
    }
}

/// The mode in which Outrider is in the pod already: another would not fit its containers.
fn in_use(pod: &Pod<'_>) -> Option<Mode> {
    let has = |wanted: &str| pod.containers().any(|container| super::pod::name(container) == wanted);
    match (has("outrider"), has("outrider-init")) {
        (false, _) => None,
        (true, false) => Some(Mode::Proxy),
        (true, true) => Some(Mode::Redirect),
    }
}
