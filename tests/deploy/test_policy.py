"""Injection by a policy of the API server: a schema knows its shape, a reader of CEL its expressions."""

import copy
import unittest

import kubernetes_validate

from common import documents, one, source

try:
    import celpy
    from celpy.adapter import json_to_cel
except ImportError:
    celpy = None

FILE = "deploy/manifests/policy.yaml"
POD = {"metadata": {"name": "app"}, "spec": {"containers": [{"name": "app", "image": "app:1"}]}}


class Policy(unittest.TestCase):
    def setUp(self):
        self.objects = documents(source(FILE))
        self.policy = one(self.objects, "MutatingAdmissionPolicy")

    def test_is_valid_from_the_first_kubernetes_that_has_it(self):
        for each in self.objects:
            for version in ("1.36", kubernetes_validate.latest_version()):
                kubernetes_validate.validate(each, version, strict=True)
        binding = one(self.objects, "MutatingAdmissionPolicyBinding")
        self.assertEqual(binding["spec"]["policyName"], self.policy["metadata"]["name"])

    def test_asks_about_the_pods_that_the_webhook_is_asked_about(self):
        webhook = one(documents(source("deploy/manifests/install/injector.yaml")), "MutatingWebhookConfiguration")
        webhook, constraints = webhook["webhooks"][0], self.policy["spec"]["matchConstraints"]
        self.assertEqual(constraints["resourceRules"], webhook["rules"])
        self.assertEqual(constraints["objectSelector"], webhook["objectSelector"])
        self.assertEqual(constraints["namespaceSelector"]["matchLabels"], webhook["namespaceSelector"]["matchLabels"])
        self.assertEqual(self.policy["spec"]["failurePolicy"], webhook["failurePolicy"])


@unittest.skipUnless(celpy, "cel-python is not here")
class Expressions(unittest.TestCase):
    def setUp(self):
        self.spec = one(documents(source(FILE)), "MutatingAdmissionPolicy")["spec"]
        self.cel = celpy.Environment()

    def value(self, expression: str, **names):
        program = self.cel.program(self.cel.compile(expression))
        return program.evaluate({name: json_to_cel(value) for name, value in names.items()})

    def matches(self, change) -> set[str]:
        """The conditions that a pod does not meet."""
        pod = copy.deepcopy(POD)
        change(pod)
        conditions = self.spec["matchConditions"]
        return {each["name"] for each in conditions if not self.value(each["expression"], object=pod)}

    def test_can_be_read(self):
        for mutation in self.spec["mutations"]:
            how = {"JSONPatch": "jsonPatch", "ApplyConfiguration": "applyConfiguration"}[mutation["patchType"]]
            self.cel.compile(mutation[how]["expression"])

    def test_leave_alone_what_the_webhook_leaves_alone(self):
        user = {"securityContext": {"runAsUser": 14661}}
        for change, unmet in [
            (lambda pod: None, set()),
            (lambda pod: pod["spec"].update(initContainers=[{"name": "migrate"}]), set()),
            (lambda pod: pod["spec"].update(initContainers=[{"name": "outrider"}]), {"not-there-yet"}),
            (lambda pod: pod["metadata"].update(annotations={"a": "b"}), set()),
            (lambda pod: pod["metadata"].update(annotations={"outrider.dev/inject": "disabled"}), {"not-refused"}),
            (lambda pod: pod["spec"].update(hostNetwork=True), {"network-of-its-own"}),
            (lambda pod: pod["spec"].update(os={"name": "windows"}), {"not-windows"}),
            (lambda pod: pod["spec"].update(user), {"user-of-its-own"}),
            (lambda pod: pod["spec"]["containers"][0].update(user), {"user-of-its-own"}),
        ]:
            self.assertEqual(self.matches(change), unmet)

    def test_tell_a_container_what_it_does_not_say_itself(self):
        told = self.value(self.spec["variables"][0]["expression"])
        names = [str(name) for name, _ in told]
        self.assertIn("HTTPS_PROXY", names)
        filtered = "told.filter(v, !has(c.env) || !c.env.exists(e, e.name == v[0])).map(v, v[0])"
        self.assertIn(filtered.split(".map")[0].replace("told", "variables.told", 1),
                      self.spec["mutations"][1]["applyConfiguration"]["expression"])
        container = {"name": "app", "env": [{"name": "HTTPS_PROXY", "value": "http://corporate:3128"}]}
        left = self.cel.program(self.cel.compile(filtered)).evaluate({"told": told, "c": json_to_cel(container)})
        self.assertEqual([str(name) for name in left], [name for name in names if name != "HTTPS_PROXY"])


if __name__ == "__main__":
    unittest.main()
