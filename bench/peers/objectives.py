"""Values and gradients of GEMINI objectives, by gemclus and by autograd in torch, in a row's own precision."""

from collections.abc import Callable

import gemclus
import numpy as np
from gemclus import gemini
from serve import Answer, Contestant, load_torch, on_threads, plain, project, read, serve
from sklearn.metrics import pairwise_kernels

torch = load_torch()

GEMCLUS = {
    "kl": gemini.KLGEMINI,
    "tv": gemini.TVGEMINI,
    "hellinger": gemini.HellingerGEMINI,
    "chi2": gemini.ChiSquareGEMINI,
    "mmd": gemini.MMDGEMINI,
}


# The objectives written in torch with care: matrix products and sums over N x K, and no array larger than the
# N x K(K-1)/2 pairs that total variation compares.


def kl_ova(tau, pi, _):
    return (tau * tau.log()).sum() / len(tau) - (pi * pi.log()).sum()


def kl_ovo(tau, pi, _):
    log = tau.log()
    return (tau * log).sum() / len(tau) - (pi * log.mean(0)).sum()


def tv_ova(tau, pi, _):
    return 0.5 * (tau - pi).abs().sum() / len(tau)


def tv_ovo(tau, pi, _):
    a, b = torch.triu_indices(len(pi), len(pi), 1)
    return (tau[:, a] * pi[b] - tau[:, b] * pi[a]).abs().sum() / len(tau)


def tv_ovo_cdist(tau, pi, _):
    """The same by the L1 distances between columns of ratios: the fastest way that was found, and an unusual one."""
    ratios = (tau / pi).T.contiguous()
    return 0.5 * (torch.cdist(ratios, ratios, p=1) * pi[:, None] * pi).sum() / len(tau)


def hellinger_ova(tau, pi, _):
    return 1 - (tau * pi).sqrt().sum() / len(tau)


def hellinger_ovo(tau, pi, _):
    return 1 - (tau * pi).sqrt().sum(1).square().mean()


def chi2_ova(tau, pi, _):
    return 0.5 * (tau.square() / pi).sum() / len(tau)


def chi2_ovo(tau, pi, _):
    return 0.5 * ((tau.square() / pi).sum(1) * (pi.square() / tau).sum(1)).mean()


def mmd_ova(tau, pi, kernel):
    centred = tau / pi - 1
    squared = (centred * (kernel @ centred)).sum(0) / len(tau) ** 2
    return (pi * squared.clamp(min=1e-30).sqrt()).sum()


class RbfKernel:
    """A kernel too large to be stored, evaluated a few rows at a time whenever it is multiplied."""

    ROWS = 1000

    def __init__(self, x):
        self.x = x / x.shape[1] ** 0.5
        self.squares = self.x.square().sum(1)

    def __matmul__(self, other):
        return torch.cat([self.rows(block, squares) @ other for block, squares in self.blocks()])

    def blocks(self):
        return zip(self.x.split(self.ROWS), self.squares.split(self.ROWS))

    def rows(self, x, squares):
        return (x @ self.x.T).mul_(2).sub_(squares[:, None]).sub_(self.squares).exp_()


def mmd_ova_from_features(tau, pi, kernel):
    """The quadratic form with its gradient 2 K r written down: autograd would keep all rows of the kernel."""
    centred = tau / pi - 1
    with torch.no_grad():
        product = kernel @ centred
    squared = (2 * centred * product - (centred * product).detach()).sum(0) / len(tau) ** 2
    return (pi * squared.clamp(min=1e-30).sqrt()).sum()


def mmd_ovo(tau, pi, kernel):
    centred = tau / pi - 1
    omega = centred.T @ (kernel @ centred) / len(tau) ** 2
    a, b = torch.triu_indices(len(pi), len(pi), 1)
    squared = omega.diagonal()[a] + omega.diagonal()[b] - 2 * omega[a, b]
    return 2 * (pi[a] * pi[b] * squared.clamp(min=1e-30).sqrt()).sum()


def with_torch(function, tau: np.ndarray, affinity) -> Callable[[], object]:
    leaf = torch.from_numpy(tau).requires_grad_()

    def compute():
        leaf.grad = None
        value = function(leaf, leaf.mean(0), affinity)
        value.backward()
        return value.item(), leaf.grad.numpy()

    return compute


def with_gemclus(objective: str, tau: np.ndarray, kernel: np.ndarray | None) -> Callable[[], object]:
    family, mode = objective.split("_")
    loss = GEMCLUS[family](ovo=mode == "ovo")
    return lambda: loss.evaluate(tau, kernel, return_grad=True)


def torch_ways(objective: str, kernel: np.ndarray | None, x: np.ndarray | None) -> dict[str, tuple]:
    """The objective of a name, as a function of predictions, proportions and an affinity; and this affinity."""
    if x is not None:
        return {"torch, in blocks": (mmd_ova_from_features, RbfKernel(torch.from_numpy(x)))}
    ways = {"torch": (globals()[objective], None if kernel is None else torch.from_numpy(kernel))}
    return ways | {"torch, cdist": (tv_ovo_cdist, None)} if objective == "tv_ovo" else ways


def prepare(
    inputs: str, objective: str, n: int, k: int, d: int, precision: str, storage: str, out: bool, threads: int
) -> dict[str, Contestant]:
    del out  # only genmi takes a lent array
    tau = read(inputs, f"tau-{n}-{k}", [n, k], precision)
    kernel = x = None
    if objective.startswith("mmd"):
        x = read(inputs, f"x-{n}-{d}", [n, d], "float64")
    if x is not None and storage == "dense":
        kernel, x = pairwise_kernels(x, metric="rbf").astype(precision), None

    def summarise(result) -> list[Answer]:
        """The value, and the part of the gradient along the simplex. Libraries differ in the other part."""
        value, gradient = result
        exact = np.asarray(gradient, np.float64)
        return [plain(value), project(inputs, exact - exact.mean(1, keepdims=True))]

    contestants: dict[str, Contestant] = {}
    if storage == "dense":
        contestants["gemclus"] = (with_gemclus(objective, tau, kernel), summarise)
    if torch:
        features = None if x is None else x.astype(precision)
        for name, (function, affinity) in torch_ways(objective, kernel, features).items():
            contestants |= on_threads(torch, name, threads, (with_torch(function, tau, affinity), summarise))
    return contestants


serve({"gemclus": gemclus.__version__, "torch": torch.__version__ if torch else ""}, prepare)
