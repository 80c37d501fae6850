"""Without Kubernetes: the systemd unit and the compose file."""

import pathlib
import shutil
import tempfile
import unittest

import yaml

from common import DEPLOY, documents, run, source

UNIT = DEPLOY / "systemd/outrider.service"
# systemd-analyze's exposure, from 0 (none) to 10; a service that says nothing has 9.6.
MOST_EXPOSED = 1.5


class Unit(unittest.TestCase):
    def setUp(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not here")

    def test_is_one_that_systemd_takes(self):
        with tempfile.TemporaryDirectory() as folder:
            # It looks for the program, which only an installation has.
            copy = pathlib.Path(folder) / "outrider.service"
            copy.write_text(UNIT.read_text().replace("/usr/local/bin/outrider", "/bin/true"))
            verified = run("systemd-analyze", "verify", "--man=no", copy)
        self.assertEqual((verified.returncode, verified.stderr), (0, ""))

    def test_is_exposed_to_little(self):
        judged = run("systemd-analyze", "security", "--offline=yes", f"--threshold={int(MOST_EXPOSED * 10)}", UNIT)
        self.assertEqual(judged.returncode, 0, judged.stdout.splitlines()[-1:])

    def test_gives_outrider_time_to_end(self):
        lines = dict(line.split("=", 1) for line in UNIT.read_text().splitlines() if "=" in line and line[0] != "#")
        self.assertEqual(lines["TimeoutStopSec"], "35s")
        self.assertIn("shutdown: {grace: 30s}", source("conf/outrider.yaml"))
        self.assertEqual(lines["DynamicUser"], "yes")


class Compose(unittest.TestCase):
    def test_application_shares_the_network_and_not_the_keys(self):
        services = documents(source("deploy/docker-compose.yml"))[0]["services"]
        app, sidecar = services["app"], services["outrider"]
        self.assertEqual(app["network_mode"], "service:outrider")
        self.assertEqual((sidecar["read_only"], sidecar["cap_drop"], sidecar["user"]), (True, ["ALL"], "14661:14661"))
        self.assertFalse([volume for volume in app["volumes"] if volume.startswith("key:")])
        self.assertTrue(all(volume.endswith(":ro") for volume in app["volumes"]))
        self.assertEqual(app["environment"]["OPENAI_API_KEY"], "unused")
        # Only the operator's door is published, and only to this machine.
        self.assertEqual(sidecar["ports"], ["127.0.0.1:7879:7879"])
        config = yaml.safe_load(source("deploy/compose/outrider.yaml"))
        self.assertEqual((config["listen"], config["admin"]), ("127.0.0.1:7878", "0.0.0.0:7879"))
        self.assertTrue((DEPLOY / "compose").is_dir() and "./compose:/etc/outrider:ro" in sidecar["volumes"])


if __name__ == "__main__":
    unittest.main()
