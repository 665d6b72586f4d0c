"""C = A T for a stored rbf kernel A, by the matrix products of the OpenBLAS of numpy and scipy and of torch's MKL."""

import numpy as np
from scipy.linalg.blas import get_blas_funcs
from serve import Answer, Contestant, load_torch, on_threads, project, read, serve
from threadpoolctl import threadpool_info

torch = load_torch()

BLOCK = 500


def rbf_kernel(x: np.ndarray, precision: str) -> np.ndarray:
    """exp(-|x - y|^2 / d), as `pairwise_kernels` has it, a few rows at a time: at N = 16,000 it would need 6 GB."""
    n, d = x.shape
    kernel = np.empty((n, n), precision)
    for first in range(0, n, BLOCK):
        differences = x[first : first + BLOCK, None] - x
        kernel[first : first + BLOCK] = np.exp(-np.square(differences).sum(-1) / d)
    return kernel


# The kernel is made again only when it changes: at N = 16,000 it takes seconds.
kept: dict[tuple[int, str], np.ndarray] = {}


def matrix(inputs: str, n: int, d: int, precision: str) -> np.ndarray:
    if (n, precision) not in kept:
        kept.clear()
        kept[n, precision] = rbf_kernel(read(inputs, f"x-{n}-{d}", [n, d], "float64"), precision)
    return kept[n, precision]


def prepare(inputs: str, n: int, k: int, d: int, precision: str, threads: int) -> dict[str, Contestant]:
    a = matrix(inputs, n, d, precision)
    factors = read(inputs, f"t-{n}-{k}", [n, k], "float64")
    # Both factor and result are centred, as genmi's product expects of its factor.
    t = np.ascontiguousarray((factors - factors.mean(0)).astype(precision))

    def summarise(product) -> list[Answer]:
        exact = np.asarray(product, np.float64)
        return [project(inputs, exact - exact.mean(0))]

    # symm knows that A is symmetric; arrays in Fortran order need no copies.
    (symm,) = get_blas_funcs(["symm"], [a])
    fortran_t = np.asfortranarray(t)
    contestants: dict[str, Contestant] = {
        "OpenBLAS": (lambda: a @ t, summarise),
        "OpenBLAS symm": (lambda: symm(1.0, a.T, fortran_t), summarise),
    }
    if torch:
        torch_a, torch_t = torch.from_numpy(a), torch.from_numpy(t)
        contestants |= on_threads(torch, "MKL", threads, (lambda: torch_a @ torch_t, summarise))
    return contestants


kernels = {library["architecture"] for library in threadpool_info() if library["internal_api"] == "openblas"}
serve({"numpy": np.__version__, "OpenBLAS": " and ".join(sorted(kernels)), "torch": torch.__version__ if torch else ""}, prepare)
