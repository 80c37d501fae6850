"""Official SDKs as they are, through each way in: clients.py PATH-OF-OUTRIDER, below `unshare -n -m`.

Prints the rows of docs/clients.md for the SDKs that are installed.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from leaks import hearing, look, look_as_operator
from world import API4, SIDECAR, build, equal, eventually, passed

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTS = (
    "api.openai.com",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
    "bedrock-runtime.eu-west-1.amazonaws.com",
    "api.cohere.com",
    "api.mistral.ai",
)
CONFIG = """
listen:
  - 127.0.0.1:7878
  - 127.0.0.1:443
  - {address: 127.0.0.1:15443, transparent: true}
admin: 127.0.0.1:7879
intercept: {ca: {cert: trust/ca.pem, key: key/ca.key}}
providers: {ours: {dialect: openai_chat, base_url: "http://127.0.0.1:9000/v1", api_key: our-key, health: off}}
models: {m: {targets: [ours/m]}}
routes: [{use: m}]
"""
# Each with who knows it.
SECRETS = {"of-the-app": ["the application"], "OFTHEAPP": ["the application"], "our-key": ["the provider"]}
WORDS = "routed, and none the wiser"
OURS = "http://127.0.0.1:7878"

# Each with the variables by which it is told of a base URL.
PYTHON = {
    "openai": {"OPENAI_BASE_URL": OURS + "/v1"},
    "anthropic": {"ANTHROPIC_BASE_URL": OURS},
    "google_genai": {"GOOGLE_GEMINI_BASE_URL": OURS},
    "boto3": {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": OURS},
    "cohere": {"CO_API_URL": OURS},
    "mistralai": {},
}
NODE = {
    "openai": {"OPENAI_BASE_URL": OURS + "/v1"},
    "anthropic": {"ANTHROPIC_BASE_URL": OURS},
    "google_genai": {"GOOGLE_GEMINI_BASE_URL": OURS},
    "bedrock": {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": OURS},
}
MODULES = {"openai": "openai", "anthropic": "@anthropic-ai/sdk", "google_genai": "@google/genai",
           "bedrock": "@aws-sdk/client-bedrock-runtime"}
RUBY = {"net_http": "net/http", "faraday": "faraday"}
WAYS = ("base URL", "proxy", "by name", "redirected")


class Provider(BaseHTTPRequestHandler):
    """Whoever answers in the place of all those hosts."""

    protocol_version = "HTTP/1.1"
    keys = set()
    heard = ""

    def setup(self):
        super().setup()
        hearing(self, self.heard)

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.keys.add(self.headers.get("authorization"))
        if json.loads(body).get("stream"):
            events = [{"delta": {"content": WORDS}}, {"delta": {}, "finish_reason": "stop"}]
            frames = [json.dumps({**self.head("chat.completion.chunk"), "choices": [{"index": 0, **event}]}) for event in events]
            return self.answer("text/event-stream", "".join(f"data: {frame}\n\n" for frame in [*frames, "[DONE]"]))
        choice = {"index": 0, "message": {"role": "assistant", "content": WORDS}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        self.answer("application/json", json.dumps({**self.head("chat.completion"), "choices": [choice], "usage": usage}))

    def head(self, kind):
        return {"id": "c", "object": kind, "created": 1, "model": "m"}

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


class World:
    def __init__(self, outrider):
        self.kept = tempfile.TemporaryDirectory()
        self.folder = self.kept.name
        os.chmod(self.folder, 0o755)
        self.outrider = shutil.copy(outrider, f"{self.folder}/outrider")
        for own in ("trust", "key"):
            os.mkdir(f"{self.folder}/{own}")
            os.chmod(f"{self.folder}/{own}", 0o777)
        with open(f"{self.folder}/outrider.yaml", "w") as file:
            file.write(CONFIG)
        with open(f"{self.folder}/hosts", "w"):
            pass
        subprocess.run(["mount", "--bind", f"{self.folder}/hosts", "/etc/hosts"], check=True)
        # A sidecar without capabilities has port 443, as in a pod that says so.
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as file:
            file.write("0")

    def names_lead_to(self, address):
        with open(f"{self.folder}/hosts", "w") as file:
            file.write("127.0.0.1 localhost\n" + "".join(f"{address} {host}\n" for host in HOSTS))

    def start(self):
        bare = ["setpriv", "--reuid", str(SIDECAR), "--regid", str(SIDECAR), "--clear-groups", "--bounding-set", "-all"]
        command = [*bare, "--no-new-privs", "env", "-i", self.outrider, "run", "-c", f"{self.folder}/outrider.yaml"]
        self.sidecar = subprocess.Popen(command, stdout=open(f"{self.folder}/log", "wb"), stderr=subprocess.STDOUT)
        ready = ["curl", "-fsS", "http://127.0.0.1:7879/readyz"]
        eventually("Outrider is ready", lambda: subprocess.run(ready, capture_output=True).returncode == 0)

    def variables(self):
        """What a shell has set after it was told by `outrider env`."""
        tell = 'eval "$("$0" env -c "$1" 2>/dev/null)"; env -0'
        shell = ["env", "-i", f"HOME={self.folder}", "sh", "-c", tell, self.outrider, f"{self.folder}/outrider.yaml"]
        told = subprocess.run(shell, capture_output=True, text=True, check=True).stdout.split("\0")
        variables = dict(line.split("=", 1) for line in told if line)
        return {name: value for name, value in variables.items() if name not in ("HOME", "PWD", "OLDPWD", "_", "SHLVL")}

    def check_secrets(self):
        """Nothing of the application's account is with the provider, nor any key where an operator looks."""
        look_as_operator(SECRETS, "127.0.0.1:7879", f"{self.folder}/log")
        with open(f"{self.folder}/heard", "rb") as file:
            look(SECRETS, "the provider", file.read())


def clients():
    """Name, command, and variables for a base URL, of each client that is installed."""
    python, openai = os.environ.get("OUTRIDER_PYTHON"), PYTHON["openai"]
    for name, base in PYTHON.items() if python else ():
        installed = subprocess.run([python, "-c", f"import {name.replace('google_genai', 'google.genai')}"],
                                   capture_output=True).returncode == 0
        if installed:
            yield f"Python: {name}", [python, f"{HERE}/../clients/as_it_is.py", name], base
    modules = os.environ.get("OUTRIDER_NODE_MODULES")
    if modules and shutil.which("node"):
        major = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.split(".")[0].strip("v\n")
        for name, base in NODE.items():
            if os.path.isdir(f"{modules}/{MODULES[name]}"):
                yield f"Node {major}: {MODULES[name]}", ["node", f"{modules}/../as_it_is.cjs", name], base
    if shutil.which("java"):
        yield "Java: java.net.http", ["java", f"{HERE}/../clients/AsItIs.java"], openai
    if shutil.which("go"):
        yield "Go: net/http", [built_in_go()[0]], openai
    for name, called in RUBY.items():
        if shutil.which("ruby") and subprocess.run(["ruby", "-r", called, "-e", ""], capture_output=True).returncode == 0:
            yield f"Ruby: {called}", ["ruby", f"{HERE}/../clients/as_it_is.rb", name], openai
    body = '{"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}'
    ask = 'curl -sS -m 20 -H "content-type: application/json" -H "authorization: Bearer sk-of-the-app" -d "$0" '
    yield "curl", ["sh", "-c", ask + "${OPENAI_BASE_URL:-https://api.openai.com/v1}/chat/completions", body], \
        openai


@functools.cache
def built_in_go():
    """The program of Go's client; it takes the standard library and no module."""
    folder = tempfile.TemporaryDirectory()
    program = f"{folder.name}/as_it_is"
    own = {"GOCACHE": f"{folder.name}/cache", "GO111MODULE": "off", "GOTOOLCHAIN": "local"}
    subprocess.run(["go", "build", "-o", program, f"{HERE}/../clients/as_it_is.go"], env={**os.environ, **own}, check=True)
    return program, folder


def served(command, variables):
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME") if name in os.environ}
    done = subprocess.run(command, env={**plain, **variables}, capture_output=True, text=True, timeout=90)
    look(SECRETS, "the application", (done.stdout + done.stderr).encode())
    return WORDS in done.stdout, done.stderr


def main():
    build()
    world = World(sys.argv[1])
    modules = os.environ.get("OUTRIDER_NODE_MODULES")
    if modules:
        # Node looks for modules above the script.
        shutil.copy(f"{HERE}/../clients/as_it_is.cjs", f"{modules}/../as_it_is.cjs")
    Provider.heard = f"{world.folder}/heard"
    provider = ThreadingHTTPServer(("127.0.0.1", 9000), Provider)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    world.start()
    everything = world.variables()
    trust = {name: value for name, value in everything.items() if not re.search("proxy", name, re.I)}
    found = {}
    for way in WAYS:
        # Where a name leads decides between the ways; without rules and without a proxy nothing answers at 203.0.113.10.
        world.names_lead_to("127.0.0.1" if way == "by name" else API4)
        if way == "redirected":
            subprocess.run([world.outrider, "init"], check=True, capture_output=True)

        def ask(client):
            name, command, base = client
            told = {"base URL": base, "proxy": everything}.get(way, trust)
            return name, served(command, told)

        with ThreadPoolExecutor(4) as together:
            for name, (fine, said) in together.map(ask, list(clients())):
                found.setdefault(name, {})[way] = fine
                if not fine:
                    print(f"# {way}: {name}: {said.strip()[-300:]!r}")
        world.check_secrets()
    for name, ways in found.items():
        print("| " + " | ".join([name, *("yes" if ways[way] else "no" for way in WAYS)]) + " |")
    for language in ("Python", "Node", "Java", "Go", "Ruby"):
        if not any(name.startswith(language) for name in found):
            print(f"skipped: clients of {language}, of which none is installed")
    equal(Provider.keys, {"Bearer our-key"}, "the keys that the provider has seen")
    passed("no key left its place")
    world.sidecar.terminate()
    equal(world.sidecar.wait(10), 0, "it ends in peace")
    print("DONE", flush=True)


main()
