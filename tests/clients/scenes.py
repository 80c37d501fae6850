"""The official Python SDKs play harder scenes, each against a provider of every dialect: several tools at once, an
answer that follows a schema, a picture, thoughts through a tool loop, cached tokens.

Every SDK is brought to the same few words: `user`, `say`, `results`. Prints `PASS what` for each thing that worked."""

import json
import os
import sys
import traceback

from scenes_sdks import SDKS

models = os.environ["OUTRIDER_MODELS"].split(",")
failures = []


def check(what, fine, got=None):
    if not fine:
        raise AssertionError(f"{what}: got {got!r}")


def loop(sdk, model, text, think, stream):
    """Asks, plays the tools, and asks again."""
    history = sdk.user(text)
    first = sdk.say(model, history, tools=True, think=think, stream=stream)
    weather = {"Paris": "sunny", "Rome": "sunny as well"}
    results = sdk.results([(call, weather[call.arguments["city"]]) for call in first.calls])
    last = sdk.say(model, [*history, *first.history, *results], tools=True, think=think, stream=stream)
    check("the last word", last.text == "Hello there" and not last.calls, last)
    return first


def parallel(sdk, model, stream):
    first = loop(sdk, model, f"both weathers, says {sdk.name}", False, stream)
    called = [(call.name, call.arguments) for call in first.calls]
    check("calls", called == [("weather", {"city": "Paris"}), ("weather", {"city": "Rome"})], called)
    # Gemini's servers need not name calls, and nobody else's hand is in between there.
    untouched = sdk.name == "Gemini" and model == "from-gemini"
    check("ids", untouched or len({call.id for call in first.calls}) == 2, first.calls)


def thoughts(sdk, model, stream):
    first = loop(sdk, model, f"ponder the weather, says {sdk.name}", True, stream)
    check("call", [call.arguments for call in first.calls] == [{"city": "Paris"}], first.calls)
    check("thoughts", first.thoughts == "The user wants weather", first.thoughts)


def structured(sdk, model, stream):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
        "required": ["city", "degrees"],
        "additionalProperties": False,
    }
    said = sdk.say(model, sdk.user(f"as json, says {sdk.name}"), schema=schema, stream=stream)
    check("answer", json.loads(said.text) == {"city": "Paris", "degrees": 21}, said)


def picture(sdk, model, stream):
    said = sdk.say(model, sdk.user(f"which picture, says {sdk.name}", b"\x89PNG\r\n\x1a\n"), stream=stream)
    check("answer", said.text == "Hello there", said)


def cached(sdk, model, stream):
    said = sdk.say(model, sdk.user(f"again, says {sdk.name}"), stream=stream)
    # Neither Ollama's servers nor its dialect know of caches.
    check("cached", said.cached == (0 if model == "from-ollama" else 1024), said)
    check("input", said.input == 1033, said)


for sdk in [make() for make in SDKS]:
    for model in models:
        for scene in (parallel, thoughts, structured, picture, cached):
            for stream in (False, True):
                what = f"{sdk.name} {model} {scene.__name__}{' streamed' if stream else ''}"
                try:
                    scene(sdk, model, stream)
                    print(f"PASS {what}", flush=True)
                except Exception:
                    failures.append(what)
                    print(f"FAIL {what}\n{traceback.format_exc(limit=-3)}", file=sys.stderr, flush=True)
if failures:
    sys.exit(f"{len(failures)} failed: {', '.join(failures)}")
print("ALL PASSED", flush=True)
