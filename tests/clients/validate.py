"""Validates documents by the vendors' specifications: `validate.py FOLDER`.

Reads one JSON line for each document from standard input, `{"schema": ..., "document": ...}`; writes one for each that
is not valid, `{"at": its number, "errors": [...]}`, and at last `{"judged": how many}`. FOLDER has the specifications.
Knows nothing of Outrider.
"""

import functools
import json
import lzma
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "valid"))

import cohere
import jsonschema_rs
import yaml
from botocore.model import ServiceModel

import cohere_types
import converse
import discovery
import openapi
from told import told

FOLDER = pathlib.Path(sys.argv[1])


@functools.cache
def load(name):
    text = lzma.decompress((FOLDER / f"{name}.xz").read_bytes()).decode()
    return json.loads(text) if name.endswith(".json") else yaml.load(text, yaml.CSafeLoader)


class Schema:
    """A JSON Schema."""

    def __init__(self, schema):
        self.validator = jsonschema_rs.Draft202012Validator(schema)

    def errors(self, document):
        """What is wrong with it: the place, and what it should be."""
        if self.validator.is_valid(document):
            return []
        return told(self.validator.iter_errors(document))


def of_openapi(file, path, which="request"):
    """What is asked of a path, or answered there: whole, or an event of a stream."""
    document = load(file)
    said = document["paths"][path]["post"]
    if which == "request":
        root = said["requestBody"]["content"]["application/json"]["schema"]
    elif which == "reply":
        root = said["responses"]["200"]["content"]["application/json"]["schema"]
    elif which == "event":
        streams = said["responses"]["200"]["content"]
        root = (streams.get("text/event-stream") or streams["application/x-ndjson"])["schema"]
    else:
        root = {"$ref": f"#/components/schemas/{which}"}
    return Schema(openapi.schema(document, root))


def of_google(root):
    """A schema of Google's."""
    return Schema(discovery.schema(load("google-generativelanguage.discovery.json"), root))


def of_bedrock(check):
    """botocore's own check."""
    return check(ServiceModel(load("bedrock-bedrock-runtime-service-2.json")))


class Invoke:
    """Claude's own format in InvokeModel: the model and whether to stream are in the path, a version is in the body."""

    def __init__(self):
        self.schema = of_openapi(CLAUDE, "/v1/messages")

    def errors(self, document):
        """What is wrong with it."""
        found = [f": unknown member {name}" for name in ("model", "stream") if name in document]
        if document.get("anthropic_version") != "bedrock-2023-05-31":
            found.append(": anthropic_version is none that Bedrock knows")
        ours = ("anthropic_version", "anthropic_beta", "stream")
        rest = {name: value for name, value in document.items() if name not in ours}
        return found + self.schema.errors({**rest, "model": "m"})


OPENAI, OPEN = "openai-openapi.json", "openresponses-2026-04-24.json"
CLAUDE, OLLAMA = "anthropic-openapi.yml", "ollama-openapi.yaml"

SCHEMAS = {
    "openai-chat": lambda: of_openapi(OPENAI, "/chat/completions"),
    "openai-chat reply": lambda: of_openapi(OPENAI, "/chat/completions", "reply"),
    "openai-chat event": lambda: of_openapi(OPENAI, "/chat/completions", "event"),
    "openai-responses": lambda: of_openapi(OPENAI, "/responses"),
    "openai-responses reply": lambda: of_openapi(OPENAI, "/responses", "reply"),
    "openai-responses event": lambda: of_openapi(OPENAI, "/responses", "event"),
    "open-responses reply": lambda: of_openapi(OPEN, "/responses", "reply"),
    "open-responses event": lambda: of_openapi(OPEN, "/responses", "event"),
    "anthropic": lambda: of_openapi(CLAUDE, "/v1/messages"),
    "anthropic reply": lambda: of_openapi(CLAUDE, "/v1/messages", "reply"),
    "anthropic event": lambda: of_openapi(CLAUDE, "/v1/messages", "MessageStreamEvent"),
    "mistral": lambda: of_openapi("mistral-openapi.yaml", "/v1/chat/completions"),
    "ollama": lambda: of_openapi(OLLAMA, "/api/chat"),
    "ollama reply": lambda: of_openapi(OLLAMA, "/api/chat", "reply"),
    "ollama event": lambda: of_openapi(OLLAMA, "/api/chat", "event"),
    "gemini": lambda: of_google("GenerateContentRequest"),
    "gemini reply": lambda: of_google("GenerateContentResponse"),
    "gemini event": lambda: of_google("GenerateContentResponse"),
    "bedrock": lambda: of_bedrock(converse.Request),
    "bedrock reply": lambda: of_bedrock(converse.Reply),
    "bedrock event": lambda: of_bedrock(converse.Event),
    "bedrock-invoke": Invoke,
    "cohere": cohere_types.Chat,
    "cohere reply": lambda: cohere_types.Type(cohere.V2ChatResponse),
    "cohere event": lambda: cohere_types.Type(cohere.V2ChatStreamResponse),
}


def main():
    made, count = {}, 0
    for count, line in enumerate(sys.stdin, 1):
        said = json.loads(line)
        name = said["schema"]
        if name not in made:
            made[name] = SCHEMAS[name]()
        errors = made[name].errors(said["document"])
        if errors:
            print(json.dumps({"at": count - 1, "errors": errors}))
    print(json.dumps({"judged": count}))


main()
