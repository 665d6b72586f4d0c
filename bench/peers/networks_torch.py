"""Networks by torch, on the CPU and in float32: training, predictions, distances to neighbours, and MKL's product."""

from collections.abc import Callable

import numpy as np
from serve import Contestant, load_torch, plain, project_f32, read_f32, read_i32, serve

torch = load_torch()
if torch:
    from torch.nn import functional as F

PREDICTED = 4096  # samples of a block: faster than all at once
NEIGHBOURS_BLOCK = 500


class Model:
    """Dense layers, relu between them; weights as torch.nn.Linear has them, outputs x inputs."""

    def __init__(self, inputs: str, sizes: list[int], files: list[dict[str, str]]):
        self.initial = []
        for layer, (d, h) in zip(files, zip(sizes, sizes[1:])):
            self.initial.append(torch.from_numpy(read_f32(inputs, layer["weights"], [d, h])).T.contiguous())
            self.initial.append(torch.from_numpy(read_f32(inputs, layer["bias"], [h])))
        self.parameters = [each.clone().requires_grad_() for each in self.initial]

    def reset(self) -> None:
        with torch.no_grad():
            for parameter, initial in zip(self.parameters, self.initial):
                parameter.copy_(initial)

    def __call__(self, x, learn: bool = True):
        """The logits; unless `learn`, no gradient of the parameters is kept."""
        parameters = self.parameters if learn else [each.detach() for each in self.parameters]
        for layer in range(0, len(parameters) - 2, 2):
            x = F.relu(F.linear(x, parameters[layer], parameters[layer + 1]))
        return F.linear(x, parameters[-2], parameters[-1])


def mmd_ova(x, logits):
    """One-vs-all MMD with the linear kernel: sum_k pi_k |X' (tau_k / pi_k - 1)| / N."""
    tau = logits.softmax(1)
    pi = tau.mean(0)
    embedded = x.T @ (tau / pi - 1)
    return (pi * embedded.square().sum(0).clamp(min=1e-30).sqrt()).sum() / len(x)


def unit(direction):
    return direction / (direction.norm(dim=1, keepdim=True) + 1e-8)


def smoothness(model: Model, x, logits, epsilon: float, xi: float):
    """Local distributional smoothness, with one step of the power iteration."""
    tau = logits.detach().softmax(1)
    direction = unit(torch.rand_like(x) - 0.5).requires_grad_()
    moved = model(x + xi * direction, learn=False).log_softmax(1)
    (gradient,) = torch.autograd.grad(F.kl_div(moved, tau, reduction="batchmean"), direction)
    return F.kl_div(model(x + epsilon * unit(gradient)).log_softmax(1), tau, reduction="batchmean")


def training(inputs: str, data: dict, model: Model, batch: int, order: str, epochs: int, rate: float, vat: dict | None) -> Contestant:
    n = data["n"]
    x = torch.from_numpy(read_f32(inputs, data["file"], [n, data["d"]]))
    batches = [epoch.split(batch) for epoch in torch.from_numpy(read_i32(inputs, order, [epochs, n])).long()]

    def train():
        model.reset()
        optimizer = torch.optim.Adam(model.parameters, lr=rate, fused=True)
        values = []
        for epoch in batches:
            for rows in epoch:
                images = x[rows]
                logits = model(images)
                value = mmd_ova(images, logits)
                loss = -value if vat is None else vat["weight"] * smoothness(model, images, logits, vat["epsilon"], vat["xi"]) - value
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                values.append(value.detach())
        return torch.stack(values).view(epochs, -1)

    return train, lambda values: [plain(values[0].mean())]


def prediction(inputs: str, data: dict, model: Model) -> Contestant:
    x = torch.from_numpy(read_f32(inputs, data["file"], [data["n"], data["d"]]))

    def predict():
        with torch.inference_mode():
            return torch.cat([model(block).argmax(1) for block in x.split(PREDICTED)])

    return predict, lambda labels: [project_f32(labels.numpy())]


def neighbours(inputs: str, data: dict, neighbour: int) -> Contestant:
    x = torch.from_numpy(read_f32(inputs, data["file"], [data["n"], data["d"]]))

    def distances():
        # The nearest sample of all is the sample itself.
        nearest = (torch.cdist(block, x).topk(neighbour + 1, largest=False).values for block in x.split(NEIGHBOURS_BLOCK))
        return torch.cat([each[:, neighbour] for each in nearest])

    return distances, lambda found: [project_f32(found.numpy())]


def product(inputs: str, a: str, b: str, n: int, d: int, h: int, count: int) -> Contestant:
    left, right = torch.from_numpy(read_f32(inputs, a, [n, d])), torch.from_numpy(read_f32(inputs, b, [d, h]))
    out = torch.empty(n, h)

    def multiply():
        for _ in range(count):
            torch.mm(left, right, out=out)
        return out

    return multiply, lambda result: [project_f32(result.numpy())]


def prepare(inputs: str, family: str, sizes: list[int] | None = None, layers: list | None = None, **work) -> dict[str, Contestant]:
    makers: dict[str, Callable[..., Contestant]] = {"neighbours": neighbours, "product": product}
    if sizes is None or layers is None:
        return {"MKL" if family == "product" else "torch": makers[family](inputs, **work)}
    model = Model(inputs, sizes, layers)
    return {"torch": {"training": training, "prediction": prediction}[family](inputs, work.pop("data"), model, **work)}


serve({"torch": torch.__version__ if torch else ""}, prepare if torch else lambda **_: {})
