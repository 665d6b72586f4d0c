"""Pairwise kernels and distances by scikit-learn, and the quantile of all distances by numpy."""

import numpy as np
import sklearn
from serve import Contestant, plain, project, read, serve
from sklearn.metrics import pairwise_distances, pairwise_kernels

KERNELS = ("rbf", "laplacian")
QUANTILE = 0.05


def prepare(
    inputs: str, n: int, d: int, precision: str, threads: int, measure: str = "", quantile: bool = False
) -> dict[str, Contestant]:
    x = read(inputs, f"x-{n}-{d}", [n, d], precision)
    if quantile:
        distances = pairwise_distances(x)
        return {"numpy": (lambda: np.quantile(distances, QUANTILE), lambda value: [plain(value)])}
    pairwise = pairwise_kernels if measure in KERNELS else pairwise_distances
    jobs = threads if threads > 1 else None
    return {"scikit-learn": (lambda: pairwise(x, metric=measure, n_jobs=jobs), lambda matrix: [project(inputs, matrix)])}


serve({"scikit-learn": sklearn.__version__, "numpy": np.__version__}, prepare)
