"""The image: small, with nothing in it but Outrider and the public roots, and Outrider works in it."""

import json
import os
import pathlib
import re
import shutil
import sys
import tarfile
import tempfile
import unittest

from common import DEPLOY, ROOT, run, source

STATIC = pathlib.Path(os.environ.get("OUTRIDER_STATIC", ROOT / "target/outrider"))
HERE = pathlib.Path(__file__).parent
MOST_BYTES = 30_000_000


class Files(unittest.TestCase):
    def test_both_ways_end_in_the_same_image(self):
        ends = [re.search(r"\nFROM scratch\n(.*)", source(f"deploy/{name}"), re.S).group(1)
                for name in ("Dockerfile", "Dockerfile.prebuilt")]
        self.assertEqual(ends[0].replace("--from=build ", "").replace("/image/", ""), ends[1])
        self.assertIn("USER 14661:14661", ends[1])

    def test_a_binary_that_needs_a_library_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            for binary, says in [("/bin/true", "dynamic linker"), ("/nowhere", "there is no")]:
                refused = run(DEPLOY / "image.sh", "--root", f"{folder}/x", binary)
                self.assertEqual(refused.returncode, 1)
                self.assertIn(says, refused.stderr)
            self.assertFalse(list(pathlib.Path(folder).iterdir()))


@unittest.skipUnless(STATIC.exists(), "no static build of outrider is here (deploy/static.sh)")
class Image(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_is_small_and_holds_nothing_else(self):
        if not shutil.which("buildah"):
            self.skipTest("buildah is not here")
        storage = self.folder / "storage.conf"
        storage.write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{self.folder}/graph"\n'
                           f'runroot = "{self.folder}/run"\n')
        env = os.environ | {"CONTAINERS_STORAGE_CONF": str(storage)}
        built = run(DEPLOY / "image.sh", STATIC, "outrider:test", env=env)
        self.assertEqual(built.returncode, 0, built.stderr)
        archive = self.folder / "image.tar"
        pushed = run("buildah", "push", "outrider:test", f"docker-archive:{archive}", env=env)
        self.assertEqual(pushed.returncode, 0, pushed.stderr)
        print(f"the image has {archive.stat().st_size / 1e6:.1f} MB", file=sys.stderr)
        self.assertLess(archive.stat().st_size, MOST_BYTES)
        with tarfile.open(archive) as image:
            manifest = json.load(image.extractfile("manifest.json"))[0]
            config = json.load(image.extractfile(manifest["Config"]))["config"]
            members = [member for layer in manifest["Layers"]
                       for member in tarfile.open(fileobj=image.extractfile(layer)).getmembers()]
        files = sorted(member.name for member in members if not member.isdir())
        self.assertEqual(files, ["etc/ssl/certs/ca-certificates.crt", "outrider"])
        owners = {member.name.rstrip("/"): member.uid for member in members}
        self.assertEqual((owners["var/run/outrider/key"], owners["var/run/outrider/trust"]), (14661, 14661))
        self.assertEqual(owners["outrider"], 0)
        self.assertEqual((config["User"], config["Entrypoint"], config["Cmd"]), ("14661:14661", ["/outrider"], ["run"]))

    def test_outrider_works_in_it(self):
        if os.geteuid() != 0 or run("unshare", "-n", "-m", "true").returncode != 0:
            self.skipTest("root and unshare are needed to be a container")
        laid = run(DEPLOY / "image.sh", "--root", self.folder, STATIC)
        self.assertEqual(laid.returncode, 0, laid.stderr)
        inside = run("unshare", "-n", "-m", sys.executable, HERE / "container.py", self.folder / "root")
        self.assertEqual(inside.returncode, 0, inside.stderr)
        seen = json.loads(inside.stdout)
        self.assertEqual(seen["ready"], "ready\n", seen["said"])
        # A name of the name server's, one of /etc/hosts; and roots, with which a handshake can at least begin.
        self.assertEqual(seen["statuses"], {"by-dns": 200, "by-file": 200, "secure": 502}, seen["said"])
        self.assertIn('"outcome":"tls"', seen["said"])
        self.assertNotIn("no CA certificates", seen["said"])
        self.assertEqual(seen["exit"], 0)
        self.assertLess(seen["seconds"], 1)


if __name__ == "__main__":
    unittest.main()
