"""A network namespace with a way to a small internet, for programs under users of their own.

Run below `unshare -n -m`: everything is gone when the script ends, and nothing of it is seen outside.
"""

import contextlib
import os
import pickle
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback

API4, API6 = "203.0.113.10", "2001:db8:ffff::10"
SIDECAR, APP = 14661, 2001

# Five hosts, 203.0.113.10 to .14 and 2001:db8:ffff::10 to ::14.
INTERNET = "\n".join(
    f"ip -n net addr add 203.0.113.{last}/32 dev lo\nip -n net -6 addr add 2001:db8:ffff::{last}/128 dev lo nodad"
    for last in range(10, 15)
)
LAYOUT = f"""
mount -t tmpfs none /run/netns
ip link set lo up
ip netns add net
ip link add v0 type veth peer name v1 netns net
ip addr add 192.0.2.2/24 dev v0
ip -6 addr add 2001:db8:1::2/64 dev v0 nodad
ip link set v0 up
ip -n net link set lo up
ip -n net addr add 192.0.2.1/24 dev v1
ip -n net -6 addr add 2001:db8:1::1/64 dev v1 nodad
ip -n net link set v1 up
{INTERNET}
ip route add default via 192.0.2.1
ip -6 route add default via 2001:db8:1::1
"""


def build():
    "".encode("idna")  # loaded now: the users of `as_user` may not be allowed to read Python's own files
    os.makedirs("/run/netns", exist_ok=True)
    for line in LAYOUT.strip().splitlines():
        subprocess.run(line.split(), check=True)


def passed(what):
    print(f"PASS {what}", flush=True)


def equal(found, expected, what):
    if found != expected:
        sys.exit(f"FAIL {what}: found {found!r}, expected {expected!r}")


def as_user(uid, act, gid=None):
    """What `act` returns when this user does it; an OSError is returned too."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid if gid is None else gid)
            os.setuid(uid)
            try:
                done = act()
            except OSError as error:
                done = type(error).__name__
            os.write(writer, pickle.dumps(done))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    if os.waitpid(child, 0)[1] != 0:
        sys.exit("FAIL a helper died")
    return pickle.loads(told)


def says(address, port):
    """What the server at an address says at once."""
    with socket.create_connection((address, port), timeout=5) as stream:
        return stream.makefile().readline().strip()


def listener(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    sock.listen()
    return sock


@contextlib.contextmanager
def serving(address, port, answer):
    """A server that says one line to whoever connects."""
    sock = listener(address, port)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                stream, _ = sock.accept()
                with stream:
                    stream.sendall((answer(stream) + "\n").encode())

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()


def original_destination(stream):
    """Where a redirected connection was going."""
    if stream.family == socket.AF_INET:
        raw = stream.getsockopt(socket.SOL_IP, 80, 16)
        return "{}:{}".format(socket.inet_ntop(socket.AF_INET, raw[4:8]), struct.unpack("!H", raw[2:4])[0])
    raw = stream.getsockopt(socket.IPPROTO_IPV6, 80, 28)
    return "[{}]:{}".format(socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack("!H", raw[2:4])[0])


@contextlib.contextmanager
def elsewhere(script, *arguments):
    """Another script in the namespace `net`, once it has said that it is ready."""
    command = ["ip", "netns", "exec", "net", sys.executable, script, *arguments]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        equal(child.stdout.readline().strip(), "ready", "the other side")
        yield child
    finally:
        child.kill()
        child.wait()


def eventually(what, holds):
    deadline = time.monotonic() + 10
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"FAIL never came true: {what}")
        time.sleep(0.02)
