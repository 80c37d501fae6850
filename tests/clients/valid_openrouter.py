"""Validates documents by OpenRouter's specification: `valid_openrouter.py FILE`.

Reads one JSON line for each document from standard input, `{"path": ..., "method": ..., "status": ..., "kind": ...,
"document": ...}`, where the kind is a content type; writes one for each that is not valid, `{"at": its number, "errors":
[...]}`, and at last `{"judged": how many}`. Members that the specification does not name are let pass: there are many
that its own clients expect. Knows nothing of Outrider.
"""

import functools
import json
import lzma
import sys

import jsonschema_rs
import yaml

with lzma.open(sys.argv[1], "rt") as file:
    SPEC = yaml.load(file, yaml.CSafeLoader)


@functools.cache
def validator(path, method, status, kind):
    replies = SPEC["paths"][path][method]["responses"]
    if status not in replies:
        return None
    root = replies[status]["content"][kind]["schema"]
    return jsonschema_rs.Draft202012Validator({**root, "components": SPEC["components"]})


def told(judge, document):
    """What is wrong with it: the place, and what it should be."""
    found = judge.iter_errors(document)
    return [f"{'.'.join(map(str, error.instance_path))}: {error.message[:300]}" for error in found]


def main():
    count = 0
    for count, line in enumerate(sys.stdin, 1):
        said = json.loads(line)
        judge = validator(said["path"], said["method"], said["status"], said["kind"])
        errors = ["there is no such status"] if judge is None else told(judge, said["document"])
        if errors:
            print(json.dumps({"at": count - 1, "errors": errors[:5]}))
    print(json.dumps({"judged": count}))


main()
