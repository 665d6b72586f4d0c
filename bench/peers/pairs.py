"""Values and gradients of losses on two views, by autograd in torch, in a row's own precision."""

import sys
from collections.abc import Callable

from serve import Answer, Contestant, load_torch, on_threads, plain, project, read, serve

torch = load_torch()


def iic(a, b):
    """Ji, Henriques, Vedaldi, 2019, eq. (3), from logits; the published code fails in torch from 1.13 on."""
    product = a.softmax(1).T @ b.softmax(1)
    joint = (product + product.T) / (2 * product.sum())
    log_marginal = joint.sum(0).clamp(min=sys.float_info.epsilon).log()
    joint = joint.clamp(min=sys.float_info.epsilon)
    return -(joint * (joint.log() - log_marginal[:, None] - log_marginal)).sum()


def nt_xent(a, b, temperature=0.5):
    """Chen et al., 2020, eq. (1)."""
    z = torch.nn.functional.normalize(torch.cat([a, b]), dim=1)
    scores = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    positives = torch.arange(len(z)).roll(len(a))
    return torch.nn.functional.cross_entropy(scores, positives)


LOSSES = {"iic": iic, "nt-xent": nt_xent}


def with_torch(function, views) -> Callable[[], object]:
    a, b = (torch.from_numpy(view).requires_grad_() for view in views)

    def compute():
        a.grad = b.grad = None
        value = function(a, b)
        value.backward()
        return value.item(), a.grad.numpy(), b.grad.numpy()

    return compute


def prepare(inputs: str, loss: str, n: int, k: int, d: int, precision: str, threads: int) -> dict[str, Contestant]:
    del d  # views have k numbers in a row
    if not torch:
        return {}
    views = [read(inputs, f"pair-{view}-{n}-{k}", [n, k], precision) for view in "ab"]

    def summarise(result) -> list[Answer]:
        value, by_a, by_b = result
        return [plain(value), project(inputs, by_a), project(inputs, by_b)]

    return on_threads(torch, "torch", threads, (with_torch(LOSSES[loss], views), summarise))


serve({"torch": torch.__version__ if torch else ""}, prepare)
