"""The plain manifests are what the chart makes, and kustomize takes them."""

import pathlib
import shutil
import sys
import tempfile
import unittest

import kubernetes_validate

from common import DEPLOY, documents, one, outrider, run, source

sys.path.insert(0, str(DEPLOY))
import render  # noqa: E402

CUSTOM = ("monitoring.coreos.com/", "cert-manager.io/")


def valid(objects: list[dict]) -> None:
    """Fails over an object that the oldest or the newest Kubernetes would refuse."""
    for each in objects:
        if not each["apiVersion"].startswith(CUSTOM):
            first = "1.36" if each["kind"].startswith("MutatingAdmissionPolicy") else "1.29"
            for version in (first, kubernetes_validate.latest_version()):
                kubernetes_validate.validate(each, version, strict=True)


class Manifests(unittest.TestCase):
    def test_are_fresh(self):
        expected = render.manifests()
        there = {str(path.relative_to(render.FOLDER)): path.read_text() for path in render.FOLDER.rglob("*.yaml")}
        self.assertEqual(sorted(there), sorted(expected), "run deploy/render.py")
        for name, text in expected.items():
            self.assertEqual(there[name], text, f"{name} is stale: run deploy/render.py")

    def test_are_valid_and_hold_no_key(self):
        for name, text in render.manifests().items():
            if not name.endswith("kustomization.yaml"):
                objects = documents(text)
                valid(objects)
                self.assertFalse([each for each in objects if each["kind"] == "Secret"], name)
                self.assertNotIn("Helm", text)
            self.assertNotIn("PRIVATE", text)


class Kustomize(unittest.TestCase):
    def setUp(self):
        if not shutil.which("kubectl"):
            self.skipTest("kubectl is not here")

    def build(self, folder: str) -> list[dict]:
        built = run("kubectl", "kustomize", DEPLOY / folder)
        self.assertEqual(built.returncode, 0, built.stderr)
        objects = documents(built.stdout)
        valid(objects)
        return objects

    def test_base_is_the_installation(self):
        kinds = sorted(each["kind"] for each in self.build("kustomize/base"))
        self.assertEqual(kinds, sorted(
            each["kind"] for name in ("install/namespace.yaml", "install/injector.yaml")
            for each in documents(render.manifests()[name])))

    def test_example_changes_what_it_says(self):
        objects = self.build("kustomize/example")
        container = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["image"], "registry.example.com/outrider:0.1.0")
        self.assertIn(f"--image={container['image']}", container["args"])
        self.assertEqual(one(objects, "ConfigMap", "outrider")["data"]["outrider.yaml"],
                         source("deploy/kustomize/example/outrider.yaml"))
        one(objects, "PrometheusRule")
        one(objects, "ConfigMap", "outrider-dashboard")

    def test_examples_are_configurations_that_outrider_takes(self):
        if not outrider():
            self.skipTest("no build of outrider is here (OUTRIDER_BINARY)")
        keys = {"OPENAI_API_KEY": "a", "AZURE_OPENAI_API_KEY": "b"}
        for file in ("kustomize/example/outrider.yaml", "compose/outrider.yaml"):
            with tempfile.TemporaryDirectory() as folder:
                copy = pathlib.Path(folder) / "outrider.yaml"
                copy.write_text((DEPLOY / file).read_text())
                checked = run(outrider(), "check", copy, env=keys)
            self.assertEqual(checked.returncode, 0, checked.stderr + checked.stdout)


if __name__ == "__main__":
    unittest.main()
