"""A Python peer's side of the conversation that peer-process.mjs describes."""

import json
import sys
import time


def read_settings():
    """The settings that peerSettings in settings.mjs makes."""
    return json.loads(sys.argv[1])


def serve(step, version, parameter_count, trained_parameter_count):
    """Answers each line with one step.

    step: returns its loss, or for inference a logit, as a float: whatever ran on the device is done then.
    """
    _say(version=version, parameterCount=parameter_count, trainedParameterCount=trained_parameter_count)
    for _ in sys.stdin:
        start = time.perf_counter()
        value = step()
        _say(seconds=time.perf_counter() - start, value=value)


def decline(reason):
    """Tells that this peer cannot do what it was asked for."""
    _say(unavailable=reason)


def _say(**answer):
    print(json.dumps(answer), flush=True)
