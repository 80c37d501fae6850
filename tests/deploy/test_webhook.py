"""The injector as the chart starts it, asked as the API server would: over TLS, by the service's name, with the
authority that the webhook's configuration names."""

import base64
import http.client
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import kubernetes_validate

from common import one, outrider, rendered, run
from world import free_ports

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop", "namespace": "team"},
       "spec": {"containers": [{"name": "app", "image": "shop:1"}]}}


def patched(document: dict, patch: list[dict]) -> dict:
    """RFC 6902, as far as additions and replacements go."""
    document = json.loads(json.dumps(document))
    for step in patch:
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]]
        at = document
        for part in way:
            at = at[int(part) if isinstance(at, list) else part]
        if isinstance(at, list):
            assert step["op"] == "add", step
            at.insert(len(at) if last == "-" else int(last), step["value"])
        else:
            assert step["op"] in ("add", "replace"), step
            at[last] = step["value"]
    return document


class Service(http.client.HTTPSConnection):
    """A connection to this machine that was meant for the service."""

    def __init__(self, host: str, port: int, authority: str):
        super().__init__(host, port, timeout=10, context=ssl.create_default_context(cadata=authority))

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


class Webhook(unittest.TestCase):
    def setUp(self):
        if not outrider() or "inject" not in run(outrider(), "--help").stdout:
            self.skipTest("no build of outrider with `inject` is here")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.objects = rendered({"sidecar": {"secretNames": ["keys"]}}, namespace="far")
        self.port = free_ports(1)[0]
        arguments = one(self.objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
        for name, value in one(self.objects, "Secret")["data"].items():
            (pathlib.Path(folder.name) / name).write_bytes(base64.b64decode(value))
            (pathlib.Path(folder.name) / name).chmod(0o640)
        here = {"/etc/outrider/tls": folder.name, "0.0.0.0:8443": f"127.0.0.1:{self.port}"}
        for there, instead in here.items():
            arguments = [argument.replace(there, instead) for argument in arguments]
        self.process = subprocess.Popen([outrider(), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.wait, 10)
        self.addCleanup(self.process.kill)

    def ask(self, method: str, path: str, body: dict | None = None) -> tuple[int, bytes]:
        client = one(self.objects, "MutatingWebhookConfiguration")["webhooks"][0]["clientConfig"]
        host = f"{client['service']['name']}.{client['service']['namespace']}.svc"
        authority = base64.b64decode(client["caBundle"]).decode()
        end = time.monotonic() + 10
        while True:
            connection = Service(host, self.port, authority)
            try:
                connection.request(method, path, body and json.dumps(body), {"content-type": "application/json"})
                with connection.getresponse() as reply:
                    return reply.status, reply.read()
            except ConnectionRefusedError:
                self.assertIsNone(self.process.poll(), "it has ended")
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
            finally:
                connection.close()

    def test_puts_the_sidecar_in(self):
        container = one(self.objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]
        for probe in ("readinessProbe", "livenessProbe"):
            self.assertEqual(self.ask("GET", container[probe]["httpGet"]["path"])[0], 200)
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "1-2", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "team",
            "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": "CREATE", "object": POD}}
        path = one(self.objects, "MutatingWebhookConfiguration")["webhooks"][0]["clientConfig"]["service"]["path"]
        status, answer = self.ask("POST", path, review)
        self.assertEqual(status, 200, answer)
        response = json.loads(answer)["response"]
        self.assertEqual((response["uid"], response["allowed"], response["patchType"]), ("1-2", True, "JSONPatch"))
        pod = patched(POD, json.loads(base64.b64decode(response["patch"])))
        for version in ("1.29", kubernetes_validate.latest_version()):
            kubernetes_validate.validate(pod, version, strict=True)
        sidecar = pod["spec"]["initContainers"][0]
        self.assertEqual((sidecar["name"], sidecar["restartPolicy"]), ("outrider", "Always"))
        self.assertEqual(sidecar["envFrom"], [{"secretRef": {"name": "keys"}}])
        config = one(self.objects, "ConfigMap")["metadata"]["name"]
        self.assertIn({"name": "outrider-config", "configMap": {"name": config}}, pod["spec"]["volumes"])
        # The label by which PodMonitor and NetworkPolicy find it.
        self.assertEqual(pod["metadata"]["labels"]["outrider.dev/sidecar"], "true")

    def test_ends_at_once(self):
        self.ask("GET", "/healthz")
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(5), 0)


if __name__ == "__main__":
    unittest.main()
