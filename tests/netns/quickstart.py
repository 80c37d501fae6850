"""The pages of docs/quickstart as a reader types them, line by line: quickstart.py PATH-OF-OUTRIDER.

Below `unshare -n -m`, with a small internet in which OpenAI's host says by whose key it was asked.
"""

import os
import re
import shutil
import subprocess
import sys

from internet import HOSTS
from transparent import World
from world import APP, build, elsewhere, equal, passed

PAGES = f"{os.path.dirname(os.path.abspath(__file__))}/../../docs/quickstart"
APPLICATION = """
import json, os, urllib.request
base = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
body = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}).encode()
headers = {"content-type": "application/json", "authorization": "Bearer sk-of-the-app"}
request = urllib.request.Request(base + "/chat/completions", body, headers)
print(json.load(urllib.request.urlopen(request, timeout=20))["choices"][0]["message"]["content"])
"""
READY = "curl -fsS --retry 100 --retry-delay 1 --retry-connrefused -m 20 -o /dev/null http://127.0.0.1:7879/readyz"


def blocks(page, language):
    with open(f"{PAGES}/{page}") as file:
        return re.findall(rf"```{language}\n(.*?)```", file.read(), re.S)


def commands(block):
    """What is typed, each with its prompt: `$` is anybody, `#` is root."""
    joined = block.replace("\\\n", "")
    return [(line[0], line[2:]) for line in joined.splitlines() if line[:2] in ("$ ", "# ")]


class Reader:
    """Two shells that stay open, and the folder in which they are."""

    def __init__(self, world):
        self.folder = f"{world.folder}/reader"
        os.mkdir(self.folder)
        os.chmod(self.folder, 0o777)
        with open(f"{self.folder}/my_app.py", "w") as file:
            file.write(APPLICATION)
        tools = f"{self.folder}/bin"
        os.mkdir(tools)
        os.symlink(world.outrider, f"{tools}/outrider")
        os.symlink("/usr/bin/python3", f"{tools}/python")
        plain = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": self.folder,
                 "SSL_CERT_FILE": f"{world.folder}/internet.pem"}
        drop = ["setpriv", "--reuid", str(APP), "--regid", str(APP), "--clear-groups"]
        self.shells = {prompt: self.shell(before, plain) for prompt, before in (("$", drop), ("#", []))}

    def shell(self, before, environment):
        return subprocess.Popen([*before, "sh"], env=environment, cwd=self.folder, text=True, bufsize=1,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def types(self, prompt, line):
        """What is said until the next prompt."""
        shell, said = self.shells[prompt], []
        if re.search(r"&(\s+#.*)?$", line):
            line = re.sub(r"&(\s+#.*)?$", ">>log 2>&1 &", line) + f"\n{READY}"
        shell.stdin.write(f"{line}\necho; echo \"prompt $?\"\n")
        for answer in shell.stdout:
            if answer.startswith("prompt "):
                equal(answer.strip(), "prompt 0", f"{line}: {''.join(said)}")
                return "".join(said).strip()
            said.append(answer)
        sys.exit(f"FAIL the shell ended after {line}: {said}")

    def reads(self, page):
        """What each line says, by the line."""
        with open(f"{self.folder}/outrider.yaml", "w") as file:
            file.write("".join(blocks(page, "yaml")[:1]))
        return {line: self.types(prompt, line) for block in blocks(page, "console") for prompt, line in commands(block)}

    def leaves(self):
        for shell in self.shells.values():
            # What a shell has started is known to itself, not to one in `$(...)`.
            shell.stdin.write("jobs -p >running; kill $(cat running) 2>/dev/null; wait; exit 0\n")
            shell.wait(20)


def said(answers, part):
    """What the line with that in it said."""
    return next(answer for line, answer in answers.items() if part in line)


def main():
    for program in ("curl", "openssl"):
        if not shutil.which(program):
            print(f"skipped: {program} is not installed\nDONE")
            return
    build()
    # The reader's own folders.
    subprocess.run(["mount", "-t", "tmpfs", "none", "/var/lib"], check=True)
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    world = World(sys.argv[1])
    with elsewhere("internet.py", world.folder):
        reader = Reader(world)
        answers = reader.reads("base-url.md")
        equal(said(answers, "my_app.py"), "api.openai.com Bearer sk-...", "base-url.md: the application")
        equal("api.openai.com Bearer sk-..." in said(answers, "curl"), True, f"base-url.md: curl {answers}")
        reader.leaves()
        passed("base-url.md")

        os.rename(reader.folder, f"{world.folder}/before")
        reader = Reader(world)
        answers = reader.reads("redirect.md")
        equal(said(answers, "my_app.py"), "api.openai.com Bearer sk-of-the-app", "redirect.md: the application")
        metrics = subprocess.run(["curl", "-s", "http://127.0.0.1:7879/metrics"], capture_output=True, text=True).stdout
        equal('outrider_intercepted_total{way="redirected"} 1\n' in metrics, True, "redirect.md: it came by us")
        reader.leaves()
        passed("redirect.md")
    print("DONE", flush=True)


main()
