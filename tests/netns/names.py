"""Hosts that no configuration names are resolved by the DNS alone: names.py PATH-OF-OUTRIDER, below `unshare -n -m`.

In the file of hosts a name leads to ourselves, as `hostAliases` writes it into every container of a pod; where it
really is only a name server knows, which is one of this namespace.
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
import threading

from internet import HOSTS
from transparent import BACKUP, BYSTANDER, OPENAI, World
from world import build, elsewhere, equal, passed

SERVER = "192.0.2.53"
CONFIG = """
listen: [127.0.0.1:7878, 127.0.0.1:443]
admin: 127.0.0.1:7879
intercept: {hosts: [api.openai.com], ca: {cert: trust/ca.pem, key: key/ca.key}}
"""


class NameServer:
    """Answers for the hosts of this internet, and says of all others that there are none."""

    def __init__(self):
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((SERVER, 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            question, asker = self.socket.recvfrom(4096)
            self.socket.sendto(self.answer(question), asker)

    def answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += question[at] + 1
        name, end = ".".join(labels).lower(), at + 5
        kind = struct.unpack("!H", question[at + 1 : at + 3])[0]
        self.asked.append(name)
        own = HOSTS.get(name, ())
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        found = [address for address in own if (":" in address) == (family == socket.AF_INET6)] if family else []
        records = b"".join(
            struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(raw)) + raw
            for raw in (socket.inet_pton(family, address) for address in found)
        )
        flags = 0x8180 if own else 0x8183
        return question[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0) + question[12:end] + records


def main():
    for program in ("curl", "openssl"):
        if not shutil.which(program):
            print(f"skipped: {program} is not installed\nDONE")
            return
    build()
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    world = World(sys.argv[1], CONFIG)
    # Only programs of ours may have a port below 1024 without root.
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as file:
        file.write("0")
    subprocess.run(["ip", "addr", "add", f"{SERVER}/32", "dev", "lo"], check=True)
    # Both files say so in this mount namespace alone; the first lies over the machine's already.
    with open(f"{world.folder}/hosts", "w") as file:
        file.writelines(f"127.0.0.1 {host}\n" for host in HOSTS)
    with open(f"{world.folder}/resolv.conf", "w") as file:
        file.write(f"nameserver {SERVER}\n")
    os.chmod(file.name, 0o644)
    subprocess.run(["mount", "--bind", file.name, os.path.realpath("/etc/resolv.conf")], check=True)
    names = NameServer()
    with elsewhere("internet.py", world.folder):
        world.start()
        for http in ("--http1.1", "--http2"):
            found = world.curl("127.0.0.1", OPENAI, "/v1/files", http)
            equal((found["host"], found["authorization"]), (OPENAI, "Bearer client-key"), f"what is no model call, {http}")
            equal(world.chat("127.0.0.1", "gpt-5", http), f"{OPENAI} Bearer client-key", f"a call, {http}")
        passed("listed hosts")
        # Nobody asked for this host; whose TLS it is, is in its first bytes alone.
        for host in (BYSTANDER, BACKUP):
            equal(world.curl("127.0.0.1", host, "/", trust="internet.pem")["host"], host, "another host")
            equal(host in names.asked, True, f"{host} was asked for: {names.asked}")
        passed("other hosts")
        equal(world.curl("127.0.0.1", "nobody.example.com", "/", trust="internet.pem"), 35, "a host that is not there")
        equal("nobody.example.com" in names.asked, True, "it was asked for")
        passed("no host")
        world.stop()
    print("DONE", flush=True)


main()
