"""Optuna's TPE over the space of the accelerated search: one line of JSON a question, and one an answer.

{"ask": true} is answered with {"lrMultipliers": [...]}, one per block; then {"fitness": x} with {}. The space is that of
src/search/accelerated/candidate.ts: a block trains or is frozen; a rate is log-uniform, 0.3 to 3, and to 6 where at most two
blocks before the head train; the head is kept, follows slowly, or learns.
"""

import json
import sys

import optuna

RATE_MIN, RATE_MAX = 0.3, 3.0
FEW_BLOCKS, FEW_BLOCKS_FACTOR = 2, 2
HEAD_RATES = [0.0, 0.3, 1.0]
# Optuna draws 10 at random before TPE begins, which would be most of so small a budget.
STARTUP_TRIAL_COUNT = 5


def suggest(trial, block_count):
    """The multipliers of a candidate, one per block, input side first; the last is the head's."""
    body = range(block_count - 1)
    trained = [trial.suggest_categorical(f"trains{block}", [False, True]) for block in body]
    is_few = sum(trained) <= FEW_BLOCKS
    # A rate with another range is another parameter.
    name, rate_max = ("few_rate", RATE_MAX * FEW_BLOCKS_FACTOR) if is_few else ("rate", RATE_MAX)
    rates = [trial.suggest_float(f"{name}{block}", RATE_MIN, rate_max, log=True) if trained[block] else 0.0 for block in body]
    return rates + [trial.suggest_categorical("head", HEAD_RATES)]


def ask(study, block_count):
    """The next candidate that trains something, and its multipliers."""
    while True:
        trial = study.ask()
        multipliers = suggest(trial, block_count)
        if any(multipliers):
            return trial, multipliers
        study.tell(trial, state=optuna.trial.TrialState.FAIL)


def main():
    settings = json.loads(sys.argv[1])
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=settings["seed"], n_startup_trials=STARTUP_TRIAL_COUNT)
    study = optuna.create_study(direction="minimize", sampler=sampler)
    trial = None
    for line in sys.stdin:
        message = json.loads(line)
        if "fitness" in message:
            study.tell(trial, message["fitness"])
            answer = {}
        else:
            trial, multipliers = ask(study, settings["blockCount"])
            answer = {"lrMultipliers": multipliers}
        print(json.dumps(answer), flush=True)


main()
