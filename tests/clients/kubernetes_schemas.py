"""Whether files of Kubernetes objects fit its schemas: kubernetes_schemas.py VERSION,VERSION FILE..."""

import sys

import kubernetes_validate
import yaml

# What schemas leave open: words of which there are only a few.
WORDS = {
    "restartPolicy": {"Always", "OnFailure", "Never"},
    "medium": {"", "Memory", "HugePages"},
    "protocol": {"TCP", "UDP", "SCTP"},
    "type": {"RuntimeDefault", "Localhost", "Unconfined"},
}


def words(value, place):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in WORDS and isinstance(inner, str) and inner not in WORDS[key]:
                yield f"{place}.{key}: {inner}"
            yield from words(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from words(inner, f"{place}[{index}]")


def objects(path):
    with open(path) as file:
        for document in yaml.safe_load_all(file):
            yield from document["items"] if document["kind"] == "List" else [document]


versions, files = sys.argv[1].split(","), sys.argv[2:]
known = {"v1", "apps/v1", "batch/v1"}
wrong = []
for path in files:
    for found in objects(path):
        if found["apiVersion"] not in known:
            continue
        wrong += [f"{path}: {problem}" for problem in words(found, found["kind"])]
        for version in versions:
            try:
                kubernetes_validate.validate(found, version, strict=True)
            except kubernetes_validate.ValidationError as problem:
                wrong.append(f"{path} {version}: {problem.message}")
if wrong:
    sys.exit("\n".join(wrong))
print(f"{len(files)} files fit {', '.join(versions)}")
