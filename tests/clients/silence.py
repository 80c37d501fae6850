"""The official Python SDKs wait for models that are silent for longer than they wait for anything: only what they pass
over without a word keeps them waiting. Prints `PASS what` for each thing that worked."""

import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

from scenes_sdks import SDKS


def waits(sdk, model):
    said = sdk.say(model, sdk.user("hi, model"), stream=True)
    if (said.text, said.calls) != ("Hello there", []):
        raise AssertionError(f"got {said!r}")


def is_told(sdk, model):
    try:
        said = sdk.say(model, sdk.user("hi, model"), stream=True)
    except Exception as error:
        print(f"TOLD {sdk.name} {type(error).__name__}: {error}", flush=True)
        return
    raise AssertionError(f"a failure was taken for an answer: {said!r}")


def play(make):
    """Whether all went well."""
    sdk, fine = make(), True
    slow, cut = f"slow-{sdk.name}", f"cut-{sdk.name}"
    for scene, model in ((waits, slow), (waits, cut), (waits, "slow"), (waits, "cut"), (is_told, "fails")):
        try:
            scene(sdk, model)
            print(f"PASS {sdk.name} {model}", flush=True)
        except Exception:
            fine = False
            print(f"FAIL {sdk.name} {model}\n{traceback.format_exc(limit=-3)}", file=sys.stderr, flush=True)
    return fine


with ThreadPoolExecutor(len(SDKS)) as stage:
    fine = list(stage.map(play, SDKS))
if not all(fine):
    sys.exit("not all passed")
print("ALL PASSED", flush=True)
