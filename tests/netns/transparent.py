"""Unmodified programs behind redirection, from end to end: transparent.py PATH-OF-OUTRIDER, below `unshare -n -m`."""

import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from internet import HOSTS, RAW, RAW_LENGTH
from leaks import look, look_as_operator
from world import APP, SIDECAR, as_user, build, elsewhere, equal, eventually, passed

# Each with who may know it; the bystander is told by the application itself.
SECRETS = {"client-key": ["api.openai.com", "bystander.example.com"], "backup-key": ["generativelanguage.googleapis.com"], "PRIVATE KEY": []}
OPENAI, BACKUP, BYSTANDER = "api.openai.com", "generativelanguage.googleapis.com", "bystander.example.com"
CONFIG = """
listen:
  - address: 127.0.0.1:7878
  - {address: 127.0.0.1:15443, transparent: true}
admin: 127.0.0.1:7879
intercept:
  hosts: [api.openai.com, api.anthropic.com]
  ca: {cert: trust/ca.pem, key: key/ca.key}
defaults: {retry: {tries: 2}}
providers:
  openai: {auth: passthrough, health: off, tls: {ca: internet.pem}}
  backup: {dialect: openai_chat, base_url: "https://generativelanguage.googleapis.com/v1", api_key: backup-key,
    health: off, tls: {ca: internet.pem}}
models:
  down-at-api.openai.com: {targets: [openai/down-at-api.openai.com, backup/spare]}
"""


class World:
    """The folder that the sidecar and the application share, and the sidecar."""

    def __init__(self, outrider, config=CONFIG):
        self.kept = tempfile.TemporaryDirectory()
        self.folder = self.kept.name
        os.chmod(self.folder, 0o755)
        self.outrider = shutil.copy(outrider, f"{self.folder}/outrider")
        os.chmod(self.outrider, 0o755)
        self.sidecar = None
        for own in ("trust", "key"):
            # As the kubelet makes volumes: root's, and open to all who have them mounted.
            os.mkdir(f"{self.folder}/{own}")
            os.chmod(f"{self.folder}/{own}", 0o777)
        with open(f"{self.folder}/outrider.yaml", "w") as file:
            file.write(config)
        self.certify()
        self.name()

    def certify(self):
        """The authority of this internet, and a certificate of each host."""
        self.openssl("-keyout", "internet.key", "-out", "internet.pem", "-subj", "/CN=Internet")
        for host in HOSTS:
            own = ["-CA", "internet.pem", "-CAkey", "internet.key", "-addext", f"subjectAltName=DNS:{host}"]
            own += ["-addext", "basicConstraints=critical,CA:FALSE", "-subj", f"/CN={host}"]
            self.openssl("-keyout", f"{host}.key", "-out", f"{host}.crt", *own)
            with open(f"{self.folder}/{host}.pem", "w") as both:
                for part in ("key", "crt"):
                    with open(f"{self.folder}/{host}.{part}") as file:
                        both.write(file.read())

    def openssl(self, *arguments):
        common = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"]
        subprocess.run([*common, *arguments], cwd=self.folder, check=True, capture_output=True)

    def name(self):
        """Names have addresses, for everybody in this namespace."""
        with open(f"{self.folder}/hosts", "w") as file:
            for name, addresses in HOSTS.items():
                file.writelines(f"{address} {name}\n" for address in addresses)
        os.chmod(f"{self.folder}/hosts", 0o644)
        subprocess.run(["mount", "--bind", f"{self.folder}/hosts", "/etc/hosts"], check=True)

    def init(self):
        subprocess.run([self.outrider, "init"], check=True, capture_output=True)

    def start(self):
        """Outrider as a sidecar runs: a user of its own, no capabilities, and no way to get any."""
        bare = ["setpriv", "--reuid", str(SIDECAR), "--regid", str(SIDECAR), "--clear-groups"]
        bare += ["--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs"]
        environment = ["env", "-i", f"SSL_CERT_FILE={self.folder}/internet.pem"]
        command = [*bare, *environment, self.outrider, "run", "-c", f"{self.folder}/outrider.yaml"]
        log = open(f"{self.folder}/log", "ab")
        self.sidecar = subprocess.Popen(command, stdout=log, stderr=log)
        eventually("Outrider is ready", self.is_ready)
        # What the application reads; the public authorities of this internet are another's.
        with open(f"{self.folder}/bundle.pem", "w") as bundle:
            for part in ("trust/bundle.pem", "internet.pem"):
                with open(f"{self.folder}/{part}") as file:
                    bundle.write(file.read() + "\n")

    def is_ready(self):
        if self.sidecar.poll() is not None:
            sys.exit(f"FAIL Outrider ended:\n{self.log()}")
        return subprocess.run(["curl", "-fsS", "http://127.0.0.1:7879/readyz"], capture_output=True).returncode == 0

    def log(self):
        with open(f"{self.folder}/log") as file:
            return file.read()

    def stop(self):
        self.sidecar.terminate()
        equal(self.sidecar.wait(10), 0, "it ends in peace")

    def curl(self, address, host, path, *arguments, trust="bundle.pem"):
        """What an application gets that has been told whom to trust and nothing else; a number is curl's exit code."""
        app = ["setpriv", "--reuid", str(APP), "--regid", str(APP), "--clear-groups"]
        app += ["env", "-i", "PATH=/usr/bin:/bin", f"SSL_CERT_FILE={self.folder}/{trust}"]
        to = ["curl", "-sS", "-m", "10", "--resolve", f"{host}:443:{address}", "-H", "authorization: Bearer client-key"]
        done = subprocess.run([*app, *to, *arguments, f"https://{host}{path}"], capture_output=True, text=True)
        if done.returncode != 0:
            return done.returncode
        try:
            return json.loads(done.stdout)
        except ValueError:
            sys.exit(f"FAIL no JSON: {done.stdout}\n{self.log()}")

    def chat(self, address, model, *arguments):
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}]})
        to = ["-H", "content-type: application/json", "-d", body, *arguments]
        reply = self.curl(address, OPENAI, "/v1/chat/completions", *to)
        return reply["choices"][0]["message"]["content"] if "choices" in reply else reply

    def ask(self, page):
        return subprocess.run(["curl", "-fsS", f"http://127.0.0.1:7879{page}"], capture_output=True, text=True).stdout

    def counted(self, series):
        values = [line.rsplit(" ", 1)[1] for line in self.ask("/metrics").splitlines() if line.startswith(series + " ")]
        return float(values[0]) if values else None

    def python(self, address, host):
        """The same for Python's own client, whose file of authorities is the one that the variable names."""

        def ask():
            trust = ssl.create_default_context(cafile=f"{self.folder}/bundle.pem")
            with socket.create_connection((address, 443), timeout=10) as stream:
                with trust.wrap_socket(stream, server_hostname=host) as secure:
                    secure.sendall(f"GET /v1/files HTTP/1.0\r\nhost: {host}\r\n\r\n".encode())
                    reply = secure.makefile("rb").read().decode()
                    return json.loads(reply.split("\r\n\r\n")[1])["host"], secure.getpeername()[0]

        return as_user(APP, ask)


def digest(address, beginning, silence=0):
    """Whether the host without TLS got what was sent."""
    rest = os.urandom(RAW_LENGTH - len(beginning))
    with socket.create_connection((address, 443), timeout=10) as stream:
        time.sleep(silence)
        stream.sendall(beginning + rest)
        return stream.makefile("rb").read(32) == hashlib.sha256(beginning + rest).digest()


def hello(host):
    """A ClientHello for `host`."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.wrap_bio(incoming, outgoing, server_hostname=host).do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()


def check_listed(world, name):
    for address in HOSTS[OPENAI]:
        for http in ("--http1.1", "--http2"):
            what = f"{name}: {address} {http}"
            found = world.curl(address, OPENAI, "/v1/files", http)
            equal(found, {"host": OPENAI, "path": "/v1/files", "authorization": "Bearer client-key"}, what)
            equal(world.chat(address, "gpt-5", http), f"{OPENAI} Bearer client-key", what)
            # The other provider is asked with its own key, and never sees the client's.
            equal(world.chat(address, f"down-at-{OPENAI}", http), f"{BACKUP} Bearer backup-key", what)
        equal(world.python(address, OPENAI), (OPENAI, address), f"{name}: {address} by Python")
    passed(f"{name}: listed hosts")


def check_others(world, name):
    for address in HOSTS[BYSTANDER]:
        # Whoever trusts the internet's authority and not ours is served by the host itself.
        found = world.curl(address, BYSTANDER, "/", trust="internet.pem")
        equal(found["host"], BYSTANDER, f"{name}: {address}")
    for address in RAW:
        for beginning in (hello(BYSTANDER), hello("127.0.0.1"), b"SSH-2.0-x\r\n", bytes([22, 3, 1, 255, 255])):
            equal(as_user(APP, lambda: digest(address, beginning)), True, f"{name}: {address} {beginning[:8]}")
        equal(as_user(APP, lambda: digest(address, b"", silence=1.5)), True, f"{name}: {address} after a silence")
    passed(f"{name}: other hosts")


def check_counts(world):
    """After [`check_listed`] and [`check_others`], once each."""
    equal(world.counted('outrider_intercepted_total{way="redirected"}'), 14, "intercepted")
    tunnels = {"not_listed": 4, "no_sni": 2, "not_tls": 2, "bad_hello": 2, "timeout": 2}
    for reason, count in tunnels.items():
        equal(world.counted(f'outrider_tunnels_total{{reason="{reason}"}}'), count, reason)
    passed("counts")


def check_secrets(world):
    look_as_operator(SECRETS, "127.0.0.1:7879", f"{world.folder}/log")
    for host in HOSTS:
        with open(f"{world.folder}/{host}.heard", "rb") as file:
            look(SECRETS, host, file.read())
    key = f"{world.folder}/key/ca.key"
    equal("PRIVATE KEY" in open(key).read(), True, "there is a key")
    equal(as_user(APP, lambda: open(key).read()), "PermissionError", "the key for the application")
    for file in ("ca.pem", "bundle.pem", "truststore.jks"):
        shown = as_user(APP, lambda: len(open(f"{world.folder}/trust/{file}", "rb").read()))
        equal(isinstance(shown, int) and shown > 100, True, f"{file} for the application: {shown}")
    passed("secrets")


def check_distrust(world):
    """A program that does not believe us fails once, and is then left alone."""
    address = HOSTS[OPENAI][0]
    equal(world.curl(address, OPENAI, "/v1/files", trust="internet.pem"), 60, "it does not believe us")
    served = lambda: isinstance(world.curl(address, OPENAI, "/v1/files", trust="internet.pem"), dict)
    eventually("who does not believe us is served by the host itself", served)
    passed("distrust")


def check_loop():
    """Nobody is led to ourselves by ourselves."""

    def knock(address):
        with socket.create_connection((address, 15443), timeout=10) as stream:
            stream.sendall(hello(BYSTANDER))
            return stream.recv(1)

    for address in ("127.0.0.1", "::1"):
        equal(as_user(APP, lambda: knock(address)) in (b"", "ConnectionResetError"), True, f"a loop by {address}")
    passed("loop")


def main():
    for program in ("curl", "openssl"):
        if not shutil.which(program):
            print(f"skipped: {program} is not installed\nDONE")
            return
    build()
    ssl.create_default_context()
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    world = World(sys.argv[1])
    with elsewhere("internet.py", world.folder):
        world.init()
        equal(world.curl(HOSTS[OPENAI][0], OPENAI, "/v1/files"), 7, "before there is a sidecar, nothing passes")
        world.start()
        check_listed(world, "first")
        check_others(world, "first")
        check_counts(world)
        check_loop()
        world.init()
        check_listed(world, "after another init")
        with open(f"{world.folder}/trust/ca.pem") as file:
            authority = file.read()
        world.sidecar.kill()
        world.sidecar.wait()
        for host in (OPENAI, BYSTANDER):
            equal(world.curl(HOSTS[host][0], host, "/"), 7, "a dead sidecar: refused at once")
        world.start()
        with open(f"{world.folder}/trust/ca.pem") as file:
            equal(file.read(), authority, "the authority is the same after a crash")
        check_listed(world, "after a crash")
        check_others(world, "after a crash")
        check_distrust(world)
        check_secrets(world)
        world.stop()
        passed("end")
    print("DONE", flush=True)


if __name__ == "__main__":
    main()
