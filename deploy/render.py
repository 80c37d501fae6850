#!/usr/bin/env python3
"""Writes deploy/manifests from the chart, for those who do without Helm. Wants `pip install helm-python-sdk PyYAML`.

A test fails when what is there is not what this writes. The webhook's certificate comes from cert-manager: a key that
lies in a repository is nobody's secret.
"""

import json
import pathlib
import re

import helm_python
import yaml

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "manifests"
NAMESPACE = "outrider"

ALL = {
    "injector": {"tls": {"source": "cert-manager"}},
    "podMonitor": {"enabled": True},
    "prometheusRule": {"enabled": True},
    "dashboard": {"enabled": True},
    "networkPolicy": {"enabled": True},
    "demo": {"enabled": True},
}
# Which template goes into which file.
FILES = {
    "install/injector.yaml": ["config.yaml", "injector/deployment.yaml", "injector/webhook.yaml"],
    "monitoring/monitoring.yaml": ["monitoring/podmonitor.yaml", "monitoring/prometheusrule.yaml"],
    "monitoring/dashboard.yaml": ["monitoring/dashboard.yaml"],
    "networkpolicy.yaml": ["networkpolicy.yaml"],
    "demo-proxy.yaml": ["demo.yaml"],
}
POLICY = HERE / "policy.in.yaml"
# What the demo's own program is told, beside Outrider.
OF_DEMO = ["OPENAI_API_KEY"]
# Maps whose names are the user's.
FREE = (".limits", ".requests")
HEAD = "# Written by deploy/render.py from deploy/helm/outrider; change it there.\n"
NAMESPACE_ITSELF = f"---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {NAMESPACE}\n"


def manifests() -> dict[str, str]:
    """What each file has to hold."""
    written = {name: HEAD + joined(ALL, templates) for name, templates in FILES.items()}
    written["demo-redirect.yaml"] = HEAD + joined(ALL | {"demo": {"enabled": True, "mode": "redirect"}}, ["demo.yaml"])
    written["policy.yaml"] = HEAD + policy()
    written["install/namespace.yaml"] = HEAD + NAMESPACE_ITSELF
    for folder in ("install", "monitoring"):
        resources = sorted(name.split("/")[1] for name in written if name.startswith(f"{folder}/"))
        kind = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        written[f"{folder}/kustomization.yaml"] = f"{HEAD}{kind}resources: {json.dumps(resources)}\n"
    return written


def policy() -> str:
    """A policy of the API server's own that does what the injector does in the mode `proxy`; from Kubernetes 1.36."""
    demo = next(each for each in demo_objects() if each["kind"] == "Deployment")["spec"]["template"]["spec"]
    sidecar = next(each for each in demo["initContainers"] if each["name"] == "outrider")
    app = demo["containers"][0]
    told = [[each["name"], each["value"]] for each in app["env"] if each["name"] not in OF_DEMO]
    volumes = [each for each in demo["volumes"] if each["name"].startswith("outrider-")]
    parts = {
        "VARIABLES": json.dumps(told).replace("], [", "],\n["),
        "SIDECAR": cel(sidecar, "Object.spec.initContainers"),
        "VOLUMES": cel(volumes, "Object.spec.volumes"),
    }
    lines = []
    for line in POLICY.read_text().splitlines():
        place = next((place for place in parts if f'"{place}"' in line), None)
        indent = " " * (len(line) - len(line.lstrip()))
        lines.append(line.replace(f'"{place}"', parts[place].replace("\n", f"\n{indent}")) if place else line)
    return "---\n" + "\n".join(lines) + "\n"


def cel(value, kind: str) -> str:
    """A value as CEL writes it: a map of Kubernetes' own names is an object, whose type is its place."""
    if isinstance(value, list):
        inner = ",\n".join(cel(each, kind) for each in value)
        return f"[{inner}]" if "\n" not in inner else "[\n" + indented(inner) + "\n]"
    if not isinstance(value, dict):
        return json.dumps(value)
    if kind.endswith(FREE):
        return json.dumps(value)
    members = [f"{name}: {cel(each, f'{kind}.{name}')}" for name, each in value.items()]
    short = f"{kind}{{{', '.join(members)}}}"
    return short if len(short) < 100 and "\n" not in short else f"{kind}{{\n" + indented(",\n".join(members)) + "\n}"


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def demo_objects() -> list[dict]:
    """The chart's demo, in which an application is as the injector makes it."""
    return [each for each in yaml.safe_load_all(joined(ALL, ["demo.yaml"])) if each]


def joined(values: dict, templates: list[str]) -> str:
    """The documents of these templates, without what only Helm would say."""
    rendered = helm_python.Chart.load(str(HERE / "helm/outrider")).render(values, name="outrider", namespace=NAMESPACE)
    documents = []
    for template in templates:
        text = rendered[f"outrider/templates/{template}"]
        documents += [document.strip() for document in re.split(r"(?m)^---$", text) if document.strip()]
    text = "".join(f"---\n{document}\n" for document in documents)
    return re.sub(r"(?m)^ +(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n", "", text)


def main() -> None:
    for name, text in manifests().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for stale in {path for path in FOLDER.rglob("*.yaml")} - {FOLDER / name for name in manifests()}:
        stale.unlink()


if __name__ == "__main__":
    main()
