"""The sidecar of the chart's demo: in the right order, with what belongs to whom, and the same as the injector's."""

import json
import tempfile
import unittest

import yaml

from common import one, outrider, rendered, run

TRUST = "/var/run/outrider/trust"


def demo(mode: str) -> dict:
    return one(rendered({"demo": {"enabled": True, "mode": mode}}), "Deployment", "outrider-demo")


def pod(mode: str) -> dict:
    return demo(mode)["spec"]["template"]["spec"]


def volume(spec: dict, name: str) -> dict:
    return next(each for each in spec["volumes"] if each["name"] == name)


class Sidecar(unittest.TestCase):
    def test_starts_first_and_stays(self):
        for mode, order in [("proxy", ["outrider"]), ("redirect", ["outrider-init", "outrider"])]:
            containers = pod(mode)["initContainers"]
            self.assertEqual([container["name"] for container in containers], order)
            self.assertEqual(containers[-1]["restartPolicy"], "Always")
            self.assertTrue(all("restartPolicy" not in container for container in containers[:-1]))

    def test_is_waited_for_and_not_hurried(self):
        sidecar = pod("proxy")["initContainers"][-1]
        ready = {"path": "/readyz", "port": "outrider-admin"}
        self.assertEqual(sidecar["startupProbe"], {"httpGet": ready, "periodSeconds": 1, "failureThreshold": 60})
        self.assertEqual(sidecar["readinessProbe"]["httpGet"], ready)
        self.assertEqual(sidecar["ports"], [{"name": "outrider-admin", "containerPort": 7879}])
        # It would run while the application still works.
        self.assertNotIn("lifecycle", sidecar)
        self.assertEqual((sidecar["securityContext"]["runAsUser"], sidecar["securityContext"]["runAsGroup"]),
                         (14661, 14661))
        self.assertNotEqual(pod("proxy")["containers"][0]["securityContext"]["runAsUser"], 14661)

    def test_alone_sees_the_key(self):
        spec = pod("redirect")
        mounts = {container["name"]: {mount["name"]: mount.get("readOnly", False)
                                      for mount in container.get("volumeMounts", [])}
                  for container in spec["initContainers"] + spec["containers"]}
        self.assertEqual(mounts["outrider"], {"outrider-config": True, "outrider-key": False,
                                              "outrider-trust": False, "outrider-tmp": False,
                                              "outrider-ledger": False})
        self.assertEqual(mounts["app"], {"outrider-trust": True})
        self.assertEqual(mounts["outrider-init"], {})
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        self.assertEqual(volumes["outrider-key"]["emptyDir"]["medium"], "Memory")

    def test_keeps_what_was_spent(self):
        spec = pod("proxy")
        sidecar = spec["initContainers"][-1]
        env = {each["name"]: each.get("value") for each in sidecar["env"]}
        place = {mount["name"]: mount["mountPath"] for mount in sidecar["volumeMounts"]}["outrider-ledger"]
        self.assertEqual(env["STATE_DIRECTORY"], place)
        # On a disk: memory would be taken from the sidecar's own.
        self.assertEqual(volume(spec, "outrider-ledger")["emptyDir"], {"sizeLimit": "128Mi"})
        claimed = one(rendered({"demo": {"enabled": True, "ledgerClaim": "spent"}}), "Deployment", "outrider-demo")
        claimed = volume(claimed["spec"]["template"]["spec"], "outrider-ledger")
        self.assertEqual(claimed["persistentVolumeClaim"], {"claimName": "spent"})

    def test_is_told_to_the_application(self):
        for mode in ("proxy", "redirect"):
            env = {each["name"]: each["value"] for each in pod(mode)["containers"][0]["env"]}
            self.assertEqual(env.get("HTTPS_PROXY"), "http://127.0.0.1:7878" if mode == "proxy" else None)
            self.assertEqual("-Dhttps.proxyPort=7878" in env["JAVA_TOOL_OPTIONS"].split(), mode == "proxy")
            # Bundles replace what a program trusts; Node's and Deno's file is added to it.
            for name, file in [("SSL_CERT_FILE", "bundle"), ("REQUESTS_CA_BUNDLE", "bundle"),
                               ("NODE_EXTRA_CA_CERTS", "ca"), ("DENO_CERT", "ca")]:
                self.assertEqual(env[name], f"{TRUST}/{file}.pem")
            # It would be looked at beside the system's own, and by few.
            self.assertNotIn("SSL_CERT_DIR", env)

    def test_is_the_injectors(self):
        if not outrider() or "inject" not in run(outrider(), "--help").stdout:
            self.skipTest("no build of outrider with `inject` is here")
        for mode in ("proxy", "redirect"):
            ours = demo(mode)["spec"]["template"]
            bare = json.loads(json.dumps(ours))
            bare["metadata"]["labels"].pop("outrider.dev/sidecar")
            bare["metadata"]["annotations"] = {"outrider.dev/inject": "enabled"}
            spec = bare["spec"]
            spec.pop("initContainers"), spec.pop("volumes")
            spec["containers"][0].pop("env"), spec["containers"][0].pop("volumeMounts")
            plain = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "demo", **bare["metadata"]}, "spec": spec}
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                yaml.safe_dump(plain, file)
                file.flush()
                injected = run(outrider(), "inject", "-f", file.name, "--image", "outrider:0.1.0", "--mode", mode)
            self.assertEqual(injected.returncode, 0, injected.stderr)
            theirs = yaml.safe_load(injected.stdout)
            self.assertEqual(comparable(theirs["spec"]), comparable(ours["spec"]), mode)
            self.assertEqual(theirs["metadata"]["labels"]["outrider.dev/sidecar"], "true")


class Injector(unittest.TestCase):
    def test_is_told_what_it_takes(self):
        objects = rendered({"injector": {"mode": "redirect"}, "config": {"name": "other"},
                            "sidecar": {"secretNames": ["a", "b"]}})
        container = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["args"], [
            "inject", "--listen=0.0.0.0:8443", "--tls-cert=/etc/outrider/tls/tls.crt",
            "--tls-key=/etc/outrider/tls/tls.key", "--image=outrider:0.1.0", "--config-map=other", "--mode=redirect",
            "--env-from=secret/a,secret/b", "--cpu-request=50m", "--memory-request=32Mi", "--memory-limit=256Mi"])
        if outrider() and "inject" in run(outrider(), "--help").stdout:
            known = run(outrider(), "inject", "--help").stdout
            for flag in container["args"][1:]:
                self.assertIn(flag.split("=")[0], known)

    def test_is_found_by_the_api_server(self):
        objects = rendered({}, name="mine", namespace="far")
        called = one(objects, "MutatingWebhookConfiguration")["webhooks"][0]["clientConfig"]["service"]
        service = one(objects, "Service")
        self.assertEqual((called["name"], called["namespace"]), (service["metadata"]["name"], "far"))
        port = next(port for port in service["spec"]["ports"] if port["port"] == called["port"])
        pod = one(objects, "Deployment")["spec"]["template"]
        self.assertIn({"name": port["targetPort"], "containerPort": 8443}, pod["spec"]["containers"][0]["ports"])
        budget = one(objects, "PodDisruptionBudget")
        for chosen in (service["spec"]["selector"], budget["spec"]["selector"]["matchLabels"]):
            self.assertLessEqual(chosen.items(), pod["metadata"]["labels"].items())

    def test_is_asked_for_the_right_pods(self):
        hook = one(rendered({}, namespace="far"), "MutatingWebhookConfiguration")["webhooks"][0]
        self.assertEqual(hook["rules"], [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"],
                                          "resources": ["pods"], "scope": "Namespaced"}])
        self.assertEqual((hook["failurePolicy"], hook["reinvocationPolicy"], hook["sideEffects"]),
                         ("Ignore", "IfNeeded", "None"))
        namespaces = hook["namespaceSelector"]
        self.assertEqual(namespaces["matchLabels"], {"outrider.dev/inject": "enabled"})
        self.assertLessEqual({"kube-system", "far"}, set(namespaces["matchExpressions"][0]["values"]))
        self.assertEqual(hook["objectSelector"]["matchExpressions"],
                         [{"key": "outrider.dev/inject", "operator": "NotIn", "values": ["disabled"]}])


def comparable(spec: dict) -> dict:
    """What has to be the same, whatever the order of what has none and what Kubernetes would fill in."""
    named = lambda rows: {row["name"]: row for row in rows}
    spec = json.loads(json.dumps(spec))
    for container in spec["initContainers"] + spec["containers"]:
        container.pop("imagePullPolicy", None)
        for port in container.get("ports", []):
            port.pop("protocol", None)
        for rows in ("env", "volumeMounts"):
            container[rows] = named(container.get(rows, []))
    return spec | {"volumes": named(spec["volumes"])}


if __name__ == "__main__":
    unittest.main()
