"""`outrider init` asked of a kernel: rules.py PATH-OF-OUTRIDER, below `unshare -n -m`."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading

from world import API4, API6, APP, SIDECAR, as_user, build, elsewhere, equal, original_destination, passed, says, serving

OUTRIDER = os.path.abspath(sys.argv[1])
PROXY4, PROXY6 = f"proxy {API4}:443", f"proxy [{API6}]:443"


def init(*arguments, prefix=(), code=0):
    done = subprocess.run([*prefix, OUTRIDER, "init", *arguments], capture_output=True, text=True)
    equal(done.returncode, code, f"init {arguments}: {done.stderr}")
    return done.stderr + done.stdout


def ruleset():
    """What nft lists, without what was counted."""
    listed = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
    return re.sub(r"packets \d+ bytes \d+", "", listed)


def sends(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"hello", (address, port))
        return "sent"


def both(port):
    return lambda: (says(API4, port), says(API6, port))


def redirected(stream):
    return f"proxy {original_destination(stream)}"


def check_redirection(name):
    with serving("127.0.0.1", 15443, redirected), serving("::1", 15443, redirected):
        equal(as_user(APP, both(443)), (PROXY4, PROXY6), f"{name}: the application")
        equal(as_user(0, both(443)), (PROXY4, PROXY6), f"{name}: root is an application too")
        equal(as_user(SIDECAR, both(443)), ("real", "real"), f"{name}: the sidecar")
        equal(as_user(APP, both(8443)), ("real", "real"), f"{name}: another port")
    equal(as_user(APP, lambda: says(API4, 443)), "ConnectionRefusedError", f"{name}: nobody listens")
    equal(as_user(SIDECAR, both(443)), ("real", "real"), f"{name}: the sidecar, alone")
    passed(f"{name}: connections")
    for address in (API4, API6):
        equal(as_user(APP, lambda: sends(address, 443)), "PermissionError", f"{name}: HTTP/3 to {address}")
        equal(as_user(APP, lambda: sends(address, 53)), "sent", f"{name}: other datagrams to {address}")
        equal(as_user(SIDECAR, lambda: sends(address, 443)), "sent", f"{name}: the sidecar's datagrams to {address}")
    passed(f"{name}: datagrams")
    with serving("127.0.0.1", 443, lambda _: "own"), serving("::1", 443, lambda _: "own"):
        local = lambda: (says("127.0.0.1", 443), says("::1", 443), sends("127.0.0.1", 443))
        equal(as_user(APP, local), ("own", "own", "sent"), f"{name}: servers of this machine")
    passed(f"{name}: loopback")


def check_listing():
    if not shutil.which("nft"):
        return print("skipped: nft is not installed, so what the kernel lists is not compared", flush=True)
    subprocess.run(["nft", "add", "table", "inet", "mesh"], check=True)
    for tables in ("inet", "split"):
        init("--tables", tables)
        once = ruleset()
        equal(once.count("chain output_nat"), {"inet": 1, "split": 2}[tables], "tables")
        init("--tables", tables)
        equal(ruleset(), once, f"{tables}: the second time")
        text = init("--tables", tables, "--dry-run")
        subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)
        equal(ruleset(), once, f"{tables}: the rules as text")
        equal("table inet mesh" in once, True, "the tables of others stay")
    init("--remove")
    equal(ruleset().split(), ["table", "inet", "mesh", "{", "}"], "after all is removed")
    subprocess.run(["nft", "delete", "table", "inet", "mesh"], check=True)
    passed("listing")


def check_group():
    init("--gid", "14661")
    with serving("127.0.0.1", 15443, redirected), serving("::1", 15443, redirected):
        equal(as_user(1000680000, both(443), gid=14661), ("real", "real"), "the group's")
        equal(as_user(1000680000, both(443), gid=0), (PROXY4, PROXY6), "the same user's in another group")
        equal(as_user(SIDECAR, both(443), gid=0), (PROXY4, PROXY6), "the user does not count")
    passed("group")


def check_refusals():
    bare = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
    for who in ([], ["--reuid", "65534", "--regid", "65534", "--clear-groups"]):
        said = init(prefix=[*bare, *who], code=77)
        equal("NET_ADMIN" in said and "not permitted" in said, True, f"without the capability: {said}")
    for wrong in (["--uid", "0"], ["--port", "0"], ["--uid", "1", "--gid", "1"], ["--port", "70000"]):
        init(*wrong, code=64)
    passed("refusals")


MESH = """
table ip mesh {
  chain output {
    type nat hook output priority -100;
    meta skuid 2102 return
    oifname "lo" return
    meta l4proto tcp redirect to :4140
  }
}
"""


def check_mesh():
    """What a mesh redirects, all of it, is asked after us: the application comes to us, and we to the mesh."""
    if not shutil.which("nft"):
        return print("skipped: nft is not installed, so there is no mesh", flush=True)
    subprocess.run(["nft", "-f", "-"], input=MESH, text=True, check=True)
    mesh = lambda stream: f"mesh {original_destination(stream)}"
    with serving("127.0.0.1", 15443, redirected), serving("127.0.0.1", 4140, mesh):
        for _ in range(2):
            equal(as_user(APP, lambda: says(API4, 443)), PROXY4, "an application beside a mesh")
            equal(as_user(SIDECAR, lambda: says(API4, 443)), f"mesh {API4}:443", "the sidecar beside a mesh")
            equal(as_user(APP, lambda: says(API4, 8443)), f"mesh {API4}:8443", "another port beside a mesh")
            # The mesh's rules before ours, then ours before the mesh's.
            init()
    subprocess.run(["nft", "delete", "table", "ip", "mesh"], check=True)
    passed("mesh")


def check_busy():
    """Many at a time: each batch holds as a whole."""
    runs = [threading.Thread(target=lambda: init("--port", str(15443))) for _ in range(8)]
    [run.start() for run in runs]
    [run.join() for run in runs]
    check_redirection("after many at a time")


def main():
    build()
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    with elsewhere("rules.py", "--internet"):
        equal(as_user(APP, both(443)), ("real", "real"), "before anything is installed")
        for _ in range(2):
            equal("IPv4 and IPv6" in init("--uid", str(SIDECAR), "--port", "15443"), True, "it says what it did")
        check_redirection("one table")
        init("--tables", "split")
        check_redirection("two tables")
        init()
        check_redirection("one table again")
        check_busy()
        check_mesh()
        check_group()
        check_refusals()
        for _ in range(2):
            init("--remove")
        equal(as_user(APP, both(443)), ("real", "real"), "after it is removed")
        equal(as_user(APP, lambda: sends(API4, 443)), "sent", "datagrams after it is removed")
        passed("removal")
    check_listing()
    print("DONE", flush=True)


def internet():
    with contextlib.ExitStack() as servers:
        for address in (API4, API6):
            for port in (443, 8443):
                servers.enter_context(serving(address, port, lambda _: "real"))
        print("ready", flush=True)
        threading.Event().wait()


internet() if sys.argv[1] == "--internet" else main()
