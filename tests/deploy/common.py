"""What the tests of deploy/ share: where things are, the chart rendered, and YAML read as strictly as it should be."""

import os
import pathlib
import re
import shutil
import subprocess

import helm_python
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/outrider"

# Metrics of interception: they need connections that no test here makes, and a build that has them.
OF_INTERCEPTION = {
    "outrider_ca_expiry_timestamp_seconds",
    "outrider_client_rejects_total",
    "outrider_intercepted_total",
    "outrider_proxy_refused_total",
    "outrider_tunnel_bytes_total",
    "outrider_tunnels_open",
    "outrider_tunnels_total",
}

# Together they render every template, with every way of each.
VALUES = {
    "default": {},
    "everything": {
        "injector": {"tls": {"source": "cert-manager"}, "priorityClassName": "high", "mode": "redirect",
                     "tolerations": [{"operator": "Exists"}], "nodeSelector": {"disk": "ssd"},
                     "affinity": {"nodeAffinity": {}}},
        "config": {"namespaces": ["team-a", "team-b"]},
        "sidecar": {"secretNames": ["keys"]},
        "image": {"digest": "sha256:" + "0" * 64},
        "imagePullSecrets": [{"name": "registry"}],
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}, "namespaces": ["team-a"]},
        "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboard": {"enabled": True, "annotations": {"grafana_folder": "LLM"}},
        "networkPolicy": {"enabled": True, "extraEgress": [{"ports": [{"protocol": "TCP", "port": 5432}]}]},
        "demo": {"enabled": True, "mode": "redirect"},
    },
    "demo": {"demo": {"enabled": True}, "injector": {"replicas": 1, "failurePolicy": "Fail"}},
    "without-injector": {"injector": {"enabled": False}, "networkPolicy": {"enabled": True},
                         "podMonitor": {"enabled": True}},
    "own-certificate": {"injector": {"tls": {"source": "provided", "secretName": "mine", "caBundle": "QUJD"}}},
}


class Strict(yaml.SafeLoader):
    """YAML as Kubernetes takes it: a key that is there twice is a mistake."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"{twice} twice {node.start_mark}")
        return super().construct_mapping(node, deep)


def documents(text: str) -> list[dict]:
    """Every object in a YAML file."""
    return [document for document in yaml.load_all(text, Strict) if document is not None]


def rendered(values: dict, name: str = "outrider", namespace: str = "outrider") -> list[dict]:
    """Every object that the chart makes of `values`."""
    files = helm_python.Chart.load(str(CHART)).render(values, name=name, namespace=namespace)
    texts = (text for path, text in files.items() if not path.endswith("NOTES.txt"))
    return [document for text in texts for document in documents(text)]


def one(objects: list[dict], kind: str, name: str | None = None) -> dict:
    """The only object of a kind."""
    found = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} of {kind} {name or ''}"
    return found[0]


def pod_specs(objects: list[dict]) -> list[dict]:
    """The pods that Deployments and their like make."""
    return [each["spec"]["template"]["spec"] for each in objects if "template" in each.get("spec", {})]


def source(path: str) -> str:
    """A file of the project."""
    return (ROOT / path).read_text()


def metrics_of_the_code() -> set[str]:
    """The name of every metric that there is."""
    folder = ROOT / "src/telemetry"
    text = "".join(path.read_text() for path in folder.rglob("*.rs") if path.name != "tests.rs")
    return set(re.findall(r'"(outrider_[a-z_]+)"', text))


def metrics_in(expression: str) -> set[str]:
    """The name of every metric that an expression asks for, as it is declared: a histogram without its suffixes."""
    names = re.findall(r"\b(?:outrider|process)_[a-z_]+\b", re.sub(r'"[^"]*"', '""', expression))
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}


def run(*command: str, **options) -> subprocess.CompletedProcess:
    """A command, with what it says."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, **options)


def tool(name: str) -> str | None:
    """A program of the machine, or one that .ci/run has unpacked."""
    unpacked = ROOT / "target/tools/prometheus/usr/bin" / name
    return str(unpacked) if unpacked.exists() else shutil.which(name)


def outrider() -> str | None:
    """The newest build."""
    said = os.environ.get("OUTRIDER_BINARY")
    if said:
        return said
    builds = [ROOT / "target" / path for path in ("release/outrider", "debug/outrider", "outrider")]
    builds = [build for build in builds if build.exists()]
    return str(max(builds, key=lambda build: build.stat().st_mtime)) if builds else None
