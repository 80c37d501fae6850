"""Hosts of an internet, behind TLS: internet.py FOLDER, with the certificate of each host in FOLDER/HOST.pem.

Each answers chats and says who it is and with which key it was asked. What came to it stands in FOLDER/HOST.heard.
"""

import hashlib
import json
import socket
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler

from leaks import hearing

HOSTS = {
    "api.openai.com": ("203.0.113.10", "2001:db8:ffff::10"),
    "api.anthropic.com": ("203.0.113.11", "2001:db8:ffff::11"),
    "generativelanguage.googleapis.com": ("203.0.113.12", "2001:db8:ffff::12"),
    "bystander.example.com": ("203.0.113.13", "2001:db8:ffff::13"),
}
# No TLS is spoken here: it says the digest of the first so many bytes, so that nobody can have changed one.
RAW = ("203.0.113.14", "2001:db8:ffff::14")
RAW_LENGTH = 1 << 20


def chat(model, text):
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host = heard = ""

    def setup(self):
        super().setup()
        hearing(self, self.heard)

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, {"host": self.host, "path": self.path, "authorization": self.headers.get("authorization")})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = json.loads(body or b"{}")
        if asked.get("model") == f"down-at-{self.host}":
            return self.answer(503, {"error": {"message": "down", "type": "server_error"}})
        self.answer(200, chat(asked.get("model"), f"{self.host} {self.headers.get('authorization')}"))

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(address, act):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, 443))
    sock.listen(64)

    def accept():
        while True:
            stream, peer = sock.accept()
            threading.Thread(target=guarded, args=(act, stream, peer), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def guarded(act, stream, peer):
    try:
        with stream:
            act(stream, peer)
    except OSError:
        pass


def tls(host, folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/{host}.pem")
    open(f"{folder}/{host}.heard", "ab").close()
    kind = type("Host", (Handler,), {"host": host, "heard": f"{folder}/{host}.heard"})

    def act(stream, peer):
        with context.wrap_socket(stream, server_side=True) as secure:
            kind(secure, peer, None)

    return act


def raw(stream, _):
    stream.sendall(hashlib.sha256(exactly(stream, RAW_LENGTH)).digest())


def exactly(stream, length):
    got = b""
    while len(got) < length:
        chunk = stream.recv(length - len(got))
        if not chunk:
            raise OSError("ended early")
        got += chunk
    return got


if __name__ == "__main__":
    for name, addresses in HOSTS.items():
        for own in addresses:
            serve(own, tls(name, sys.argv[1]))
    for own in RAW:
        serve(own, raw)
    print("ready", flush=True)
    threading.Event().wait()
