"""Who may know which secret: every byte that came to a host is looked through, and all that an operator sees."""

import io
import subprocess
import sys

PAGES = ("/config", "/targets", "/metrics")


class Heard(io.RawIOBase):
    """A stream of a server that writes down what came."""

    def __init__(self, stream, path):
        self.stream, self.file = stream, open(path, "ab", buffering=0)

    def readable(self):
        return True

    def readinto(self, buffer):
        length = self.stream.recv_into(buffer)
        self.file.write(memoryview(buffer)[:length])
        return length

    def close(self):
        self.file.close()
        super().close()


def hearing(handler, path):
    """Lets a request handler write down what comes to it."""
    handler.rfile = io.BufferedReader(Heard(handler.connection, path))


def look(secrets, where, heard):
    """Fails over a secret that is none of this place's. `secrets`: each with the places that know it anyway."""
    for secret, places in secrets.items():
        if where not in places and secret.lower().encode() in heard.lower():
            line = next(line for line in heard.splitlines() if secret.lower().encode() in line.lower())
            sys.exit(f"FAIL {secret} is known to {where}: {line[:300]!r}")


def look_as_operator(secrets, admin, log):
    """The same for the log, and for every page of the operator's door."""
    places = {"the log": open(log, "rb").read()}
    for page in PAGES:
        asked = ["curl", "-fsS", "-m", "10", f"http://{admin}{page}"]
        places[page] = subprocess.run(asked, capture_output=True, check=True).stdout
    for place, text in places.items():
        if len(text) < 100:
            sys.exit(f"FAIL {place} says nothing: {text!r}")
        look(secrets, place, text)
