"""Shared by the peers of `npm run bench:kernels` and `bench:networks`: a server that reads one JSON command a line and answers with one JSON line.

    {"prepare": {...}}                     reads the inputs of a row; answered with the names of those who can compute it
    {"check": NAME}                        computes once; answered with numbers on which all must agree, each with its scale
    {"time": NAME, "seconds": BUDGET}      computes until that time is over, at least once; answered with the median seconds of a call
    {"run": NAME}                          computes once; answered with the seconds and the answers
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

# A number, and the scale that its error is relative to.
Answer = tuple[float, float]
# Two functions: one computes the timed result, the other makes the answers of a check from it.
Contestant = tuple[Callable[[], object], Callable[[object], list[Answer]]]


def read(folder: str, name: str, shape: list[int], precision: str) -> np.ndarray:
    return np.fromfile(Path(folder, f"{name}.f64")).reshape(shape).astype(precision, copy=False)


def read_f32(folder: str, file: str, shape: list[int]) -> np.ndarray:
    return np.fromfile(Path(folder, file), np.float32).reshape(shape)


def read_i32(folder: str, file: str, shape: list[int]) -> np.ndarray:
    return np.fromfile(Path(folder, file), np.int32).reshape(shape)


def plain(value: float) -> Answer:
    """The answer of a single number: its scale is its size."""
    return float(value), abs(float(value))


def project(inputs: str, matrix: np.ndarray) -> Answer:
    """w' A v for fixed normal weights w and v, and the root of the sum of squares of A, which its error is relative to."""
    rows, columns = matrix.shape
    w = np.fromfile(Path(inputs, "row-weights.f64"), count=rows)
    v = np.fromfile(Path(inputs, "column-weights.f64"), count=columns)
    exact = matrix.astype(np.float64)
    return float(w @ (exact @ v)), float(np.linalg.norm(exact))


def project_f32(numbers: np.ndarray) -> Answer:
    """The same with w_i = sin(i + 1) and v_j = cos(j), of a vector or a matrix."""
    exact = np.asarray(numbers, np.float64).reshape(len(numbers), -1)
    w, v = np.sin(np.arange(len(exact)) + 1), np.cos(np.arange(exact.shape[1]))
    return float(w @ (exact @ v)), float(np.linalg.norm(exact))


def median_seconds(compute: Callable[[], object], budget: float) -> float:
    seconds: list[float] = []
    while not seconds or sum(seconds) < budget:
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
            answer = summarise(compute())
        elif "run" in command:
            compute, summarise = contestants[command["run"]]
            start = time.perf_counter()
            result = compute()
            answer = {"seconds": time.perf_counter() - start, "answers": summarise(result)}
        else:
            answer = median_seconds(contestants[command["time"]][0], command["seconds"])
        print(json.dumps(answer), flush=True)


def load_torch():
    """The module torch; None where it is not installed."""
    try:
        import torch
    except (ImportError, OSError, ValueError):
        return None
    return torch


def on_threads(torch, name: str, threads: int, contestant: Contestant) -> dict[str, Contestant]:
    """A contestant by torch: with several threads, also with one, because small work takes longer on more."""
    compute, summarise = contestant

    def with_threads(count: int) -> Contestant:
        def run():
            if torch.get_num_threads() != count:
                torch.set_num_threads(count)
            return compute()

        return run, summarise

    alone = {f"{name} on one thread": with_threads(1)} if threads > 1 else {}
    return {name: with_threads(threads), **alone}
