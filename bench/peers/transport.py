"""POT in `npm run bench:transport`: a server that reads one JSON command a line and answers with one JSON line.

    {"load": FOLDER}   reads the inputs of a row of the table
    {"solve": {"step": t, "problems": [[a], [a, b], ...], "solver": "emd_c", "sources": n}}
                       solves problems one after the other: one cluster is moved to the uniform measure, of two the first to the second;
                       with "sources", one cluster among the first n samples to the same among the others
    {"solve_warm": {"problems": [[a], [a, b], ...]}}
                       solves the problems of each step in turn, those of the first from nothing, all others from the potentials that
                       the same problem ended with a step before

A solve is answered with the seconds and the cost of each problem, a warm solve with those of each problem of each step. The solver is
"emd_c", the compiled one that `ot.emd2` calls after its checks in Python, or "emd2", `ot.emd2` itself. A warm solve is by "emd_c", with
`potentials_init` of `ot.emd2`.
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

        self.blocks: dict[int, np.ndarray] = {}

    def problem(self, step: int, clusters: list[int], sources: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Two measures of mass 1 in float64, and the costs between them."""
        tau = self.predictions[step]
        if sources is not None:
            (cluster,) = clusters
            return measure(tau[:sources, cluster]), measure(tau[sources:, cluster]), self.block(sources)
        first, *second = clusters
        return measure(tau[:, first]), measure(tau[:, second[0]] if second else np.ones(len(tau))), self.costs

    def block(self, sources: int) -> np.ndarray:
        if sources not in self.blocks:
            self.blocks[sources] = np.ascontiguousarray(self.costs[:sources, sources:])
        return self.blocks[sources]


def measure(weights: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(weights) / weights.sum()


Potentials = tuple[np.ndarray, np.ndarray]


def solve_from(p: np.ndarray, q: np.ndarray, costs: np.ndarray, start: Potentials | None) -> tuple[float, Potentials]:
    _, cost, u, v, result = emd_c(p, q, costs, MAX_ITERATIONS, 1, *(start or ()))
    if result != OPTIMAL:
        raise RuntimeError(f"POT found no optimum (result code {result})")
    return cost, (u, v)


def solve_compiled(p: np.ndarray, q: np.ndarray, costs: np.ndarray) -> float:
    cost, _ = solve_from(p, q, costs, None)
    return cost


def solve_emd2(p: np.ndarray, q: np.ndarray, costs: np.ndarray) -> float:
    return ot.emd2(p, q, costs, numItermax=MAX_ITERATIONS)


SOLVERS = {"emd_c": solve_compiled, "emd2": solve_emd2}


def solve(inputs: Inputs, step: int, problems: list[list[int]], solver: str, sources: int | None = None) -> dict:
    seconds, costs = [], []
    for clusters in problems:
        p, q, distances = inputs.problem(step, clusters, sources)
        start = time.perf_counter()
        cost = SOLVERS[solver](p, q, distances)
        seconds.append(time.perf_counter() - start)
        costs.append(float(cost))
    return {"seconds": seconds, "costs": costs}


def solve_warm(inputs: Inputs, problems: list[list[int]]) -> dict:
    seconds, costs = [], []
    potentials: list[Potentials | None] = [None] * len(problems)
    for step in range(len(inputs.predictions)):
        seconds.append([])
        costs.append([])
        for i, clusters in enumerate(problems):
            p, q, distances = inputs.problem(step, clusters, None)
            start = time.perf_counter()
            cost, potentials[i] = solve_from(p, q, distances, potentials[i])
            seconds[-1].append(time.perf_counter() - start)
            costs[-1].append(float(cost))
    return {"seconds": seconds, "costs": costs}


def main() -> None:
    print(json.dumps({"pot": ot.__version__, "numpy": np.__version__}), flush=True)
    inputs = None
    for line in sys.stdin:
        command = json.loads(line)
        if "load" in command:
            inputs = Inputs(Path(command["load"]))
            answer = {}
        elif "solve_warm" in command:
            answer = solve_warm(inputs, **command["solve_warm"])
        else:
            answer = solve(inputs, **command["solve"])
        print(json.dumps(answer), flush=True)


main()
