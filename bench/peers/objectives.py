"""Values and gradients of GEMINI objectives, by gemclus and by autograd in torch, in a row's own precision."""

import gemclus
import numpy as np
from gemclus import gemini
from serve import Contestant, load_torch, read, serve
from sklearn.metrics import pairwise_kernels

torch = load_torch()

GEMCLUS = {
    "kl": gemini.KLGEMINI,
    "tv": gemini.TVGEMINI,
    "hellinger": gemini.HellingerGEMINI,
    "chi2": gemini.ChiSquareGEMINI,
    "mmd": gemini.MMDGEMINI,
}


# The objectives as one would write them in torch with care: matrix products and sums over N x K, no array larger than the
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
    """The same by the L1 distances between columns of ratios: the fastest way that was found, and not one that many would think of."""
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


def mmd_ovo(tau, pi, kernel):
    centred = tau / pi - 1
    omega = centred.T @ (kernel @ centred) / len(tau) ** 2
    a, b = torch.triu_indices(len(pi), len(pi), 1)
    squared = omega.diagonal()[a] + omega.diagonal()[b] - 2 * omega[a, b]
    return 2 * (pi[a] * pi[b] * squared.clamp(min=1e-30).sqrt()).sum()


def summarise(result) -> list[float]:
    """The value, and the gradient's norm along the simplex: off it, where predictions do not sum to 1, libraries differ."""
    value, gradient = result
    return [value, np.linalg.norm(gradient - gradient.mean(1, keepdims=True))]


def with_torch(objective: str, tau: np.ndarray, kernel: np.ndarray | None) -> Contestant:
    function = globals()[objective]
    leaf = torch.from_numpy(tau).requires_grad_()
    affinity = None if kernel is None else torch.from_numpy(kernel)

    def compute():
        leaf.grad = None
        value = function(leaf, leaf.mean(0), affinity)
        value.backward()
        return value.item(), leaf.grad.numpy()

    return compute, summarise


def with_gemclus(objective: str, tau: np.ndarray, kernel: np.ndarray | None) -> Contestant:
    family, mode = objective.split("_")
    loss = GEMCLUS[family](ovo=mode == "ovo")
    return lambda: loss.evaluate(tau, kernel, return_grad=True), summarise


def prepare(inputs: str, objective: str, n: int, k: int, d: int, precision: str, threads: int) -> dict[str, Contestant]:
    tau = read(inputs, f"tau-{n}-{k}", [n, k], precision)
    kernel = None
    if objective.startswith("mmd"):
        kernel = pairwise_kernels(read(inputs, f"x-{n}-{d}", [n, d], "float64"), metric="rbf").astype(precision)
    contestants = {"gemclus": with_gemclus(objective, tau, kernel)}
    if torch:
        torch.set_num_threads(threads)
        contestants["torch"] = with_torch(objective, tau, kernel)
        if objective == "tv_ovo":
            contestants["torch, cdist"] = with_torch("tv_ovo_cdist", tau, kernel)
    return contestants


serve({"gemclus": gemclus.__version__, "torch": torch.__version__ if torch else ""}, prepare)
