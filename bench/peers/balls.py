"""Wasserstein distances between digits by POT, and projections onto Wasserstein balls in torch."""

import numpy as np
import ot
from serve import Answer, Contestant, load_torch, on_threads, project, read, serve

torch = load_torch()

# As in bench/kernels/genmi.ts.
EPSILON, LAMBDA, REACH, ITERATIONS = 0.25, 1000.0, 2, 50


def distances(digits: np.ndarray, side: int):
    """Squared distances of pairs of digits on the pixels with mass; emd2 finds the duals too."""
    places = np.stack(np.divmod(np.arange(side * side), side), axis=1).astype(np.float64)
    half = len(digits) // 2

    def problem(a: np.ndarray, b: np.ndarray):
        (rows,), (columns,) = a.nonzero(), b.nonzero()
        costs = ot.dist(places[rows], places[columns], "sqeuclidean")
        return a[rows] / a.sum(), b[columns] / b.sum(), costs

    problems = [problem(a, b) for a, b in zip(digits[:half], digits[half:])]
    return lambda: np.array([[ot.emd2(*each, numItermax=10**9)] for each in problems])


def along(planes, axis, weights):
    """sum_j weights[|i - j|] planes_j along an axis, an image with its weights at a time: n x H x W."""
    size = planes.shape[axis]
    sums = planes * weights[:, 0, None, None]
    for d in range(1, REACH + 1):
        weight = weights[:, d, None, None]
        sums.narrow(axis, 0, size - d).addcmul_(planes.narrow(axis, d, size - d), weight)
        sums.narrow(axis, d, size - d).addcmul_(planes.narrow(axis, 0, size - d), weight)
    return sums


def window_sums(planes, weights):
    return along(along(planes, 1, weights), 2, weights)


def cost_sums(planes, weights, squares):
    """window_sums with summands times |i - j|^2, and times |i - j|^4."""
    first, second = weights * squares, weights * squares**2
    rows = [along(planes, 1, each) for each in (weights, first, second)]
    costs = along(rows[0], 2, first) + along(rows[1], 2, weights)
    return costs, along(rows[0], 2, second) + 2 * along(rows[1], 2, first) + along(rows[2], 2, weights)


def projections(centers: np.ndarray, images: np.ndarray, side: int):
    """Wong, Schmidt, Kolter, 2019, algorithm 1, for all images at once: filters along rows and columns in place of unfold,
    Lambert's W by Newton's method on logarithms, which starts from the last iteration's."""
    totals = centers.sum(axis=1, keepdims=True)
    x, w = (torch.from_numpy(each / totals).reshape(-1, side, side) for each in (centers, images))
    squares = torch.arange(REACH + 1, dtype=x.dtype) ** 2

    def compute():
        beta, psi = torch.zeros_like(w), torch.ones(len(w), dtype=w.dtype)
        scaled = LAMBDA * w
        omega = torch.ones_like(w)
        for _ in range(ITERATIONS):
            weights = torch.exp(-psi[:, None] * squares)
            a = x / window_sums(beta.exp(), weights)
            y = scaled + np.log(LAMBDA) + window_sums(a, weights).clamp_(min=1e-300).log_()
            for step in range(3):
                guess = omega * (1 + y - omega.log()) / (1 + omega)
                omega = torch.where(guess > 0, guess, y.clamp(max=1).exp()).clamp_(min=1e-300)
            beta = scaled - omega
            first, second = cost_sums(beta.exp(), weights, squares)
            slope = (a * first).sum((1, 2)) - EPSILON**2
            psi = torch.maximum(psi + slope / (a * second).sum((1, 2)), psi / 4)
        z = (w - beta / LAMBDA).clamp_(min=0)
        return (z / z.sum((1, 2), keepdim=True)).reshape(len(z), -1).numpy() * totals

    return compute


def prepare(inputs: str, task: str, n: int, d: int, precision: str, threads: int) -> dict[str, Contestant]:
    side = int(np.sqrt(d))
    digits = read(inputs, f"digits-{n}-{d}", [2 * n, d], precision)

    def summarise(result) -> list[Answer]:
        return [project(inputs, result)]

    if task == "distance":
        return {"POT": (distances(digits, side), summarise)}
    if not torch:
        return {}
    steps = read(inputs, f"steps-{n}-{d}", [n, d], precision)
    return on_threads(torch, "torch", threads, (projections(digits[:n], steps, side), summarise))


serve({"POT": ot.__version__, "torch": torch.__version__ if torch else ""}, prepare)
