#!/usr/bin/env python3
"""Writes deploy/manifests from the chart, for those who do without Helm. Wants `pip install helm-python-sdk`.

A test fails when what is there is not what this writes. The webhook's certificate comes from cert-manager: a key that
lies in a repository is nobody's secret.
"""

import json
import pathlib
import re

import helm_python

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
HEAD = "# Written by deploy/render.py from deploy/helm/outrider; change it there.\n"
NAMESPACE_ITSELF = f"---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {NAMESPACE}\n"


def manifests() -> dict[str, str]:
    """What each file has to hold."""
    written = {name: HEAD + joined(ALL, templates) for name, templates in FILES.items()}
    written["demo-redirect.yaml"] = HEAD + joined(ALL | {"demo": {"enabled": True, "mode": "redirect"}}, ["demo.yaml"])
    written["install/namespace.yaml"] = HEAD + NAMESPACE_ITSELF
    for folder in ("install", "monitoring"):
        resources = sorted(name.split("/")[1] for name in written if name.startswith(f"{folder}/"))
        kind = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        written[f"{folder}/kustomization.yaml"] = f"{HEAD}{kind}resources: {json.dumps(resources)}\n"
    return written


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
