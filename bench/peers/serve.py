"""What the peers of `npm run bench:kernels` have in common: a server that reads a JSON command a line and answers with a JSON line.

    {"prepare": {...}}                     reads the inputs of a row; answered with the names of those who can compute it
    {"check": NAME}                        computes once; answered with numbers on which all must agree
    {"time": NAME, "seconds": BUDGET}      computes until that time is over, at least once; answered with the median seconds of a call
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

# Computes what is timed; makes the numbers of a check from that.
Contestant = tuple[Callable[[], object], Callable[[object], list[float]]]


def read(folder: str, name: str, shape: list[int], precision: str) -> np.ndarray:
    return np.fromfile(Path(folder, f"{name}.f64")).reshape(shape).astype(precision)


def median_seconds(compute: Callable[[], object], budget: float) -> float:
    seconds: list[float] = []
    while sum(seconds) < budget:
        start = time.perf_counter()
        compute()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def serve(versions: dict[str, str], prepare: Callable[..., dict[str, Contestant]]) -> None:
    print(json.dumps(versions), flush=True)
    contestants: dict[str, Contestant] = {}
    for line in sys.stdin:
        command = json.loads(line)
        answer: object
        if "prepare" in command:
            contestants.clear()
            contestants = prepare(**command["prepare"])
            answer = list(contestants)
        elif "check" in command:
            compute, summarise = contestants[command["check"]]
            answer = [float(number) for number in summarise(compute())]
        else:
            answer = median_seconds(contestants[command["time"]][0], command["seconds"])
        print(json.dumps(answer), flush=True)


def load_torch():
    """torch, with as many threads as the other libraries were told to use; nothing where it is not installed."""
    try:
        import torch
    except (ImportError, OSError, ValueError):
        return None
    return torch
