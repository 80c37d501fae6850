"""The chart renders, what it renders is valid, and what makes no sense is refused."""

import base64
import pathlib
import tempfile
import unittest

import helm_python
import kubernetes_validate

from common import CHART, VALUES, one, outrider, pod_specs, rendered, run

OLDEST = "1.29"
NEWEST = kubernetes_validate.latest_version()
# Where the pods' volumes are.
AUTHORITY = "intercept: {ca: {cert: /var/run/outrider/trust/ca.pem, key: /var/run/outrider/key/ca.key}}"
# Of operators; their schemas are not Kubernetes'.
CUSTOM = ("monitoring.coreos.com/", "cert-manager.io/")


class Renders(unittest.TestCase):
    def test_without_a_word_from_lint(self):
        for name, values in VALUES.items():
            report = helm_python.lint(str(CHART), values, strict=True, namespace="outrider", kube_version="v1.29.0")
            # The icon is for shops of charts.
            messages = [message for message in report["messages"] if "icon is recommended" not in str(message)]
            self.assertEqual((messages, report["errors"]), ([], []), name)

    def test_into_objects_that_kubernetes_takes(self):
        for name, values in VALUES.items():
            objects = rendered(values)
            self.assertGreater(len(objects), 1)
            for each in objects:
                if each["apiVersion"].startswith(CUSTOM):
                    continue
                for version in (OLDEST, NEWEST):
                    with self.subTest(values=name, kind=each["kind"], version=version):
                        kubernetes_validate.validate(each, version, strict=True)

    def test_each_object_once_and_in_a_namespace(self):
        for name, values in VALUES.items():
            objects = rendered(values, name="x", namespace="y")
            named = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
            self.assertEqual(len(named), len(set(named)), name)
            for kind, namespace, of in named:
                whole_cluster = kind == "MutatingWebhookConfiguration"
                self.assertEqual(namespace is None, whole_cluster, (kind, of))
                self.assertLessEqual(len(of), 63)

    def test_only_for_clusters_with_native_sidecars(self):
        self.assertEqual(helm_python.Chart.load(str(CHART)).metadata["kubeVersion"], ">=1.29.0-0")

    def test_not_from_values_that_make_no_sense(self):
        chart = helm_python.Chart.load(str(CHART))
        for values, says in [
            ({"injecter": {}}, "injecter"),
            ({"injector": {"replicas": 0}}, "replicas"),
            ({"injector": {"mode": "iptables"}}, "mode"),
            ({"injector": {"failurePolicy": "ignore"}}, "failurePolicy"),
            ({"injector": {"timeoutSeconds": 31}}, "timeoutSeconds"),
            ({"injector": {"tls": {"source": "provided"}}}, "secretName"),
            ({"sidecar": {"resources": {"limits": {"cpu": "1"}}}}, "cpu"),
            ({"sidecar": {"resources": {"requests": {"cpu": "lots"}}}}, "cpu"),
            ({"image": {"digest": "sha256:abc"}}, "digest"),
            ({"image": {"repository": "outrider:latest"}}, "repository"),
            ({"config": {"namespaces": ["Team A"]}}, "namespaces"),
            ({"config": {"file": "a: [b"}}, "not YAML"),
            ({"config": {"file": "providers: {}"}}, "7879"),
            ({"config": {"file": "admin: 127.0.0.1:7879"}}, "loopback"),
            ({"config": {"file": "admin: {address: '[::1]:7879'}"}}, "loopback"),
            ({"config": {"file": "admin: 0.0.0.0:7879\nintercept: {ca: {cert: a.pem, key: a.key}}"}}, "intercept.ca"),
            ({"config": {"file": f"admin: 0.0.0.0:7879\n{AUTHORITY.replace('/key/', '/trust/')}"}}, "intercept.ca"),
            ({"config": {"file": f"admin: 0.0.0.0:7879\n{AUTHORITY}"}, "injector": {"mode": "redirect"}}, "15443"),
            ({"config": {"file": f"admin: 0.0.0.0:7879\nlisten: [127.0.0.1:7878]\n{AUTHORITY}"},
              "demo": {"enabled": True, "mode": "redirect"}}, "15443"),
        ]:
            with self.subTest(values=values), self.assertRaises(helm_python.HelmError) as refused:
                chart.render(values, name="outrider", namespace="outrider")
            self.assertIn(says, str(refused.exception))
        for fine in ["admin: {address: '0.0.0.0:7879', token: x}", "admin: '[::]:7879'"]:
            chart.render({"config": {"file": f"{fine}\n{AUTHORITY}"}}, name="outrider", namespace="outrider")

    def test_a_configuration_that_outrider_takes(self):
        if not outrider():
            self.skipTest("no build of outrider is here (OUTRIDER_BINARY)")
        data = one(rendered({}), "ConfigMap")["data"]
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "outrider.yaml"
            file.write_text(data["outrider.yaml"])
            checked = run(outrider(), "check", file)
        self.assertEqual(checked.returncode, 0, checked.stderr + checked.stdout)


class Pods(unittest.TestCase):
    def test_are_confined(self):
        for name, values in VALUES.items():
            for pod in pod_specs(rendered(values)):
                self.assertIs(pod["automountServiceAccountToken"], False)
                for container in pod.get("initContainers", []) + pod["containers"]:
                    context = container["securityContext"]
                    capabilities = {"drop": ["ALL"]}
                    if container["name"] == "outrider-init":
                        capabilities["add"] = ["NET_ADMIN"]
                    else:
                        self.assertIs(context["runAsNonRoot"], True)
                        self.assertNotEqual(context["runAsUser"], 0)
                    self.assertEqual(context["capabilities"], capabilities, (name, container["name"]))
                    self.assertIs(context["readOnlyRootFilesystem"], True)
                    self.assertIs(context["allowPrivilegeEscalation"], False)
                    self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})
                    self.assertIn("memory", container["resources"]["limits"])

    def test_have_what_they_mount(self):
        for values in VALUES.values():
            for pod in pod_specs(rendered(values)):
                volumes = {volume["name"] for volume in pod.get("volumes", [])}
                for container in pod.get("initContainers", []) + pod["containers"]:
                    mounts = {mount["name"] for mount in container.get("volumeMounts", [])}
                    self.assertLessEqual(mounts, volumes, container["name"])

    def test_say_what_validation_by_schema_does_not_look_at(self):
        for values in VALUES.values():
            for pod in pod_specs(rendered(values)):
                self.assertIn(pod.get("restartPolicy", "Always"), ("Always", "OnFailure", "Never"))
                for container in pod.get("initContainers", []) + pod["containers"]:
                    self.assertIn(container["imagePullPolicy"] if "imagePullPolicy" in container else "Always",
                                  ("Always", "IfNotPresent", "Never"))
                    self.assertEqual(container.get("restartPolicy", "Always"), "Always")
                    for port in container.get("ports", []):
                        self.assertLessEqual(len(port["name"]), 15)
                    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                        for way in ("httpGet", "tcpSocket"):
                            port = container.get(probe, {}).get(way, {}).get("port")
                            self.assertIn(port, [None] + [port["name"] for port in container.get("ports", [])])
                for volume in pod.get("volumes", []):
                    self.assertIn(volume.get("emptyDir", {}).get("medium", ""), ("", "Memory"))


class Certificate(unittest.TestCase):
    def test_is_the_webhooks_and_vouched_for(self):
        objects = rendered({}, namespace="far")
        secret = one(objects, "Secret")["data"]
        webhook = one(objects, "MutatingWebhookConfiguration")["webhooks"][0]
        self.assertEqual(webhook["clientConfig"]["caBundle"], secret["ca.crt"])
        with tempfile.TemporaryDirectory() as folder:
            paths = {name: pathlib.Path(folder) / name for name in secret}
            for name, path in paths.items():
                path.write_bytes(base64.b64decode(secret[name]))
            for host in ("outrider-injector.far.svc", "outrider-injector.far.svc.cluster.local"):
                verified = run("openssl", "verify", "-purpose", "sslserver", "-verify_hostname", host, "-CAfile",
                               paths["ca.crt"], paths["tls.crt"])
                self.assertEqual(verified.returncode, 0, verified.stderr)
            certified = run("openssl", "x509", "-in", paths["tls.crt"], "-pubkey", "-noout").stdout
            self.assertIn("BEGIN PUBLIC KEY", certified)
            self.assertEqual(certified, run("openssl", "pkey", "-in", paths["tls.key"], "-pubout").stdout)


if __name__ == "__main__":
    unittest.main()
