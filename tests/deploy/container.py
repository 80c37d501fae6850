"""Runs what is in the image as a container would, without one: in its own namespaces, on a read-only root with nothing
else in it, as the image's user. Started by test_image.py as `unshare -n -m python container.py ROOT`; prints JSON."""

import http.client
import http.server
import json
import pathlib
import socket
import socketserver
import subprocess
import sys
import threading
import time

from world import Provider, fetch

CONFIG = """
listen: 127.0.0.1:7878
admin: 0.0.0.0:7879
providers:
  by-dns: {dialect: openai_chat, base_url: "http://llm.test:9000/good/v1", health: off}
  by-file: {dialect: openai_chat, base_url: "http://in-hosts:9000/good/v1", health: off}
  secure: {dialect: openai_chat, base_url: "https://llm.test:9000/good/v1", health: off}
defaults: {retry: {tries: 1}}
"""


class Names(socketserver.BaseRequestHandler):
    """A name server that knows `llm.test` and nothing else; who asks for another waits for its time to be over."""

    def handle(self):
        query, connection = self.request
        if not query[12:].startswith(b"\x03llm\x04test\x00"):
            return
        question = query[12:12 + 10 + 4]
        found = question[10:12] == b"\x00\x01"
        head = query[:2] + b"\x81\x80" + b"\x00\x01" + (b"\x00\x01" if found else b"\x00\x00") + b"\x00" * 4
        answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + socket.inet_aton("127.0.0.1")
        connection.sendto(head + question + (answer if found else b""), self.client_address)


def prepare(root: pathlib.Path) -> None:
    """What a container's runtime puts in, and a root that nobody writes to."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for folder in ("proc", "dev", "etc/outrider"):
        (root / folder).mkdir(exist_ok=True)
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:20\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost in-hosts\n")
    (root / "etc/outrider/outrider.yaml").write_text(CONFIG)
    devices = [root / "dev" / name for name in ("null", "random", "urandom", "zero")]
    for device in devices:
        device.touch()
    for command in (["--bind", root, root], ["-t", "proc", "proc", root / "proc"],
                    *(["--bind", f"/dev/{device.name}", device] for device in devices),
                    ["-o", "remount,bind,ro", root]):
        subprocess.run(["mount", *map(str, command)], check=True)


def call(model: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", 7878, timeout=15)
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}]})
    connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    return connection.getresponse().status


def main(root: pathlib.Path) -> None:
    prepare(root)
    for server in (socketserver.ThreadingUDPServer(("127.0.0.1", 53), Names),
                   http.server.ThreadingHTTPServer(("127.0.0.1", 9000), Provider)):
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    command = ["setpriv", "--no-new-privs", "chroot", "--userspec=14661:14661",
               "--groups=14661", root, "/outrider", "run", "-c", "/etc/outrider/outrider.yaml"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + 10
    ready = None
    while ready is None and time.monotonic() < end and process.poll() is None:
        try:
            ready = fetch("http://127.0.0.1:7879/readyz")
        except OSError:
            time.sleep(0.05)
    statuses = {name: call(f"{name}/m") for name in ("by-dns", "by-file", "secure")} if ready else {}
    begun = time.monotonic()
    process.terminate()
    said = process.communicate(timeout=20)[0]
    print(json.dumps({"ready": ready, "statuses": statuses, "exit": process.returncode,
                      "seconds": time.monotonic() - begun, "said": said}))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
