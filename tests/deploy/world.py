"""A running Outrider with providers of every kind before it, clients that ask all the time, and a real Prometheus."""

import contextlib
import http.client
import http.server
import itertools
import json
import pathlib
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

HEAD = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
ANSWER = {"id": "x", "object": "chat.completion", "created": 1, "model": "m",
          "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
          "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12,
                    "prompt_tokens_details": {"cached_tokens": 4}}}

# A call of a tool whose arguments break off.
GARBLED = {"role": "assistant", "content": None,
           "tool_calls": [{"id": "c", "type": "function", "function": {"name": "look", "arguments": "{\"at"}}]}
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]

# A model whose last day is over.
TABLE = "#outrider-models\t1\t2026-11-21\ngroq\told\t-\t-\t-\t-\t-\t2026-01-01\n"

CONFIG = """
listen: 127.0.0.1:{traffic}
admin: 127.0.0.1:{admin}
catalogue: models.tsv
providers:
  good:
    dialect: openai_chat
    base_url: "http://127.0.0.1:{providers}/good/v1"
    models: {{m: {{price: {{input: 1, output: 2}}}}}}
  bad: {{dialect: openai_chat, base_url: "http://127.0.0.1:{providers}/bad/v1"}}
  poor: {{dialect: openai_chat, base_url: "http://127.0.0.1:{providers}/poor/v1", api_key: secret}}
  cut: {{dialect: openai_chat, base_url: "http://127.0.0.1:{providers}/cut/v1"}}
  flaky: {{dialect: openai_chat, base_url: "http://127.0.0.1:{providers}/flaky/v1"}}
  dead: {{dialect: openai_chat, base_url: "http://127.0.0.1:{nobody}/v1", health: {{interval: 1s}}}}
  ended: {{kind: groq, base_url: "http://127.0.0.1:{providers}/good/v1", api_key: x}}
  other: {{dialect: anthropic, base_url: "http://127.0.0.1:{providers}/other", api_key: x}}
models:
  well: {{targets: [good/m]}}
  saved: {{targets: [flaky/m, good/m], balance: weighted}}
  down: {{targets: [bad/m], fallbacks: [dead/m]}}
  poor: {{targets: [poor/m]}}
  cut: {{targets: [cut/m]}}
  full: {{targets: [{{use: good/slow, max_in_flight: 1}}]}}
  lossy: {{targets: [other/m]}}
  thrifty: {{targets: [good/m]}}
  handy: {{targets: [good/m]}}
  ended: {{targets: [ended/old]}}
budgets:
  pocket: {{for: {{model: thrifty}}, requests: 5, per: day}}
ledger: {{path: ledger.db}}
queue: {{size: 1, wait: 100ms}}
"""
TURN = itertools.count()
MODELS = ["well", "saved", "down", "poor", "cut", "full", "lossy", "thrifty", "handy", "ended"]


class Provider(http.server.BaseHTTPRequestHandler):
    """Answers as the first part of its path says."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # the head and the body at once

    def do_GET(self):
        self.answer(200, {"object": "list", "data": []})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        kind = self.path.split("/")[1]
        if kind == "bad" or kind == "flaky" and next(TURN) % 4 == 0:
            self.answer(503, {"error": {"message": "no", "type": "server_error"}})
        elif kind == "poor":
            self.answer(429, {"error": {"message": "no money", "type": "insufficient_quota",
                                        "code": "insufficient_quota"}})
        elif kind == "cut":
            self.cut_off()
        elif kind == "other":
            self.answer(200, {"id": "x", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None,
                              "stop_reason": "end_turn", "content": [{"type": "text", "text": "hello"}],
                              "usage": {"input_tokens": 9, "output_tokens": 3}})
        else:
            time.sleep(1 if asked["model"] == "slow" else 0)
            self.answer(200, garbled() if "tools" in asked else ANSWER)

    def answer(self, status: int, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def cut_off(self) -> None:
        """A stream that breaks after its first words, with an event in it that nobody can read."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        delta = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "hel"}}]}
        for data in (json.dumps(HEAD | delta), "{nonsense", json.dumps(HEAD | delta)):
            self.wfile.write(f"data: {data}\n\n".encode())
        self.close_connection = True

    def log_message(self, *_):
        pass


def garbled() -> dict:
    """The answer of a model that wants to call a tool, and cannot say how."""
    return ANSWER | {"choices": [{"index": 0, "finish_reason": "tool_calls", "message": GARBLED}]}


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.read().decode()


class World:
    """Everything above, in `folder`; ends what it started with `close`."""

    def __init__(self, folder: pathlib.Path, outrider: str, prometheus: str, rules: str):
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        self.ending = threading.Event()
        self.providers = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        threading.Thread(target=self.providers.serve_forever, daemon=True).start()
        self.traffic, self.admin, self.port, nobody = free_ports(4)
        (folder / "models.tsv").write_text(TABLE)
        self.config = folder / "outrider.yaml"
        self.config.write_text(CONFIG.format(traffic=self.traffic, admin=self.admin, nobody=nobody,
                                             providers=self.providers.server_address[1]))
        self.start("outrider", outrider, "run", "-c", self.config)
        self.until("Outrider is ready", lambda: fetch(f"http://127.0.0.1:{self.admin}/readyz"))
        for model in MODELS * 2:
            threading.Thread(target=self.ask, args=(model,), daemon=True).start()
        (folder / "rules.yaml").write_text(rules)
        (folder / "prometheus.yaml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "outrider",
                                "static_configs": [{"targets": [f"127.0.0.1:{self.admin}"]}]}]}))
        self.start("prometheus", prometheus, f"--config.file={folder}/prometheus.yaml",
                   f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{self.port}")
        self.until("Prometheus is ready", lambda: fetch(f"http://127.0.0.1:{self.port}/-/ready"))

    def start(self, name: str, *command) -> None:
        with (self.folder / f"{name}.log").open("w") as log:
            process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, cwd=self.folder)
        self.processes.append(process)

    def close(self) -> None:
        self.ending.set()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)
        self.providers.shutdown()
        self.providers.server_close()

    def ask(self, model: str) -> None:
        """A client that asks for one model until the end."""
        body = {"model": model, "stream": model == "cut", "messages": [{"role": "user", "content": "hi"}]}
        if model == "lossy":
            body["logit_bias"] = {"50256": -100}
        if model == "handy":
            body["tools"] = TOOLS
        while not self.ending.wait(0.1):
            connection = http.client.HTTPConnection("127.0.0.1", self.traffic, timeout=5)
            with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("POST", "/v1/chat/completions", json.dumps(body),
                                   {"content-type": "application/json"})
                with connection.getresponse() as reply:
                    reply.read()

    def prometheus(self, path: str, **query) -> dict:
        """What Prometheus answers under /api/v1."""
        answer = json.loads(fetch(f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def until(self, what: str, found, seconds: float = 40):
        """The first answer of `found` that is true and not an exception."""
        end = time.monotonic() + seconds
        last = None
        while time.monotonic() < end:
            try:
                last = found()
                if last:
                    return last
            except (OSError, AssertionError) as problem:
                last = problem
            time.sleep(0.2)
        logs = "".join((self.folder / f"{name}.log").read_text()[-2000:] for name in ("outrider", "prometheus")
                       if (self.folder / f"{name}.log").exists())
        raise AssertionError(f"in vain: {what}; last: {last}\n{logs}")
