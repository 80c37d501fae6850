"""What recorded answers cost by genai-prices' own computation: its reading of the answer, its prices.

A line of JSON on standard input: the day, then an answer a line, as `{"provider", "flavour", "model", "documents"}`. A
line of JSON for each on standard output: `{"dollars"}` as exact text, or `{"unknown": why}`.
"""

import json
import sys
from datetime import datetime, timezone
from importlib.metadata import version

from genai_prices.data import providers

ALL = list(providers)
PROVIDERS = {provider.id: provider for provider in ALL}


def main():
    print(json.dumps({"version": version("genai-prices")}))
    day = json.loads(sys.stdin.readline())["day"]
    now = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=timezone.utc)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            print(json.dumps(cost(asked, now)))
        except Exception as error:  # what it cannot read it says in many ways
            print(json.dumps({"unknown": f"{type(error).__name__}: {error}"[:120]}))


def cost(asked, now):
    provider = PROVIDERS[asked["provider"]]
    _, usage = provider.extract_usage(whole(asked["documents"]), api_flavor=asked["flavour"])
    model = provider.find_model(asked["model"], all_providers=ALL)
    if model is None:
        return {"unknown": "no such model"}
    found = model.calc_price(usage, provider, genai_request_timestamp=now)
    return {"dollars": f"{found.total_price:f}"}


def whole(documents):
    """The answer in one piece: of a stream, what tells of usage."""
    if len(documents) == 1 and documents[0].get("type") != "response.completed":
        return documents[0]
    answer = {"model": "", "usage": {}}
    for document in documents:
        kind = document.get("type")
        if kind == "response.completed" or kind == "response.incomplete":
            return document["response"]
        if kind == "message_start":
            answer.update(document["message"])
        elif kind == "message_delta":
            answer["usage"].update({key: value for key, value in document.get("usage", {}).items() if value is not None})
        elif kind == "message-end":
            return document["delta"]
        elif "metadata" in document:
            answer["usage"] = document["metadata"]["usage"]
        elif document.get("usageMetadata"):
            answer = document
        elif document.get("usage"):
            answer = document
        elif (document.get("x_groq") or {}).get("usage"):
            answer = {"model": document["model"], "usage": document["x_groq"]["usage"]}
    return answer


main()
