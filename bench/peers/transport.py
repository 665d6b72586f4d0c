"""POT's side of `npm run bench:transport`: a server that reads a JSON command a line and answers with a JSON line.

    {"load": FOLDER}   reads the inputs of a row of the table
    {"solve": {"step": t, "problems": [[a], [a, b], ...], "emd2": false}}
                       solves problems one after the other: one cluster is moved to the uniform measure, of two the first to the second

A solve is answered with the seconds and the cost of each problem. It times `emd_c`, the compiled solver that `ot.emd2` calls after its
checks in Python, which favours POT; with "emd2" it times `ot.emd2` itself.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import ot
from ot.lp.emd_wrap import emd_c

MAX_ITERATIONS = 10**9
OPTIMAL = 1


class Inputs:
    def __init__(self, folder: Path):
        meta = json.loads((folder / "meta.json").read_text())
        n, k, steps = meta["n"], meta["k"], meta["steps"]
        self.costs = np.fromfile(folder / "distances.f32", np.float32).reshape(n, n).astype(np.float64)
        self.predictions = np.fromfile(folder / "predictions.f64").reshape(steps, n, k)

    def measures(self, step: int, clusters: list[int]) -> list[np.ndarray]:
        """The two measures of a problem, in float64, each of mass 1."""
        tau = self.predictions[step]
        columns = [np.ascontiguousarray(tau[:, cluster]) for cluster in clusters]
        if len(columns) == 1:
            columns.append(np.ones(len(tau)))
        return [column / column.sum() for column in columns]


def solve_compiled(p: np.ndarray, q: np.ndarray, costs: np.ndarray) -> float:
    _, cost, _, _, result = emd_c(p, q, costs, MAX_ITERATIONS, 1)
    if result != OPTIMAL:
        raise RuntimeError(f"POT found no optimum (result code {result})")
    return cost


def solve_emd2(p: np.ndarray, q: np.ndarray, costs: np.ndarray) -> float:
    return ot.emd2(p, q, costs, numItermax=MAX_ITERATIONS)


def solve(inputs: Inputs, step: int, problems: list[list[int]], emd2: bool) -> dict:
    solver = solve_emd2 if emd2 else solve_compiled
    seconds, costs = [], []
    for clusters in problems:
        p, q = inputs.measures(step, clusters)
        start = time.perf_counter()
        cost = solver(p, q, inputs.costs)
        seconds.append(time.perf_counter() - start)
        costs.append(float(cost))
    return {"seconds": seconds, "costs": costs}


def main() -> None:
    print(json.dumps({"pot": ot.__version__, "numpy": np.__version__}), flush=True)
    inputs = None
    for line in sys.stdin:
        command = json.loads(line)
        if "load" in command:
            inputs = Inputs(Path(command["load"]))
            answer = {}
        else:
            answer = solve(inputs, **command["solve"])
        print(json.dumps(answer), flush=True)


main()
