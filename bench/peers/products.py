"""C = A T for a stored N x N matrix A, by the matrix products of numpy's OpenBLAS and of torch's MKL."""

import numpy as np
from serve import Contestant, load_torch, serve
from threadpoolctl import threadpool_info

torch = load_torch()


def random(rows: int, columns: int, precision: str) -> np.ndarray:
    return np.random.default_rng(rows + columns).standard_normal((rows, columns), np.float32).astype(precision, copy=False)


# Made again only when it changes: at N = 16,000 it takes seconds.
kept: dict[tuple[int, str], np.ndarray] = {}


def matrix(n: int, precision: str) -> np.ndarray:
    if (n, precision) not in kept:
        kept.clear()
        kept[n, precision] = random(n, n, precision)
    return kept[n, precision]


def prepare(inputs: str, n: int, k: int, precision: str, threads: int) -> dict[str, Contestant]:
    del inputs
    a, t = matrix(n, precision), random(n, k, precision)
    contestants: dict[str, Contestant] = {"OpenBLAS": (lambda: a @ t, lambda _: [])}
    if torch:
        torch.set_num_threads(threads)
        torch_a, torch_t = torch.from_numpy(a), torch.from_numpy(t)
        contestants["MKL"] = (lambda: torch_a @ torch_t, lambda _: [])
    return contestants


kernels = {library["architecture"] for library in threadpool_info() if library["internal_api"] == "openblas"}
serve({"numpy": np.__version__, "OpenBLAS": " and ".join(sorted(kernels)), "torch": torch.__version__ if torch else ""}, prepare)
