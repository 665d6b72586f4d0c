"""Trains a network for an epoch by torch. Arguments: the IDX file of images, how many, objective, threads. Output: bytes of the process
before and at its peak, and of the data, as JSON. The data stay bytes: each batch is converted by itself."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

HEADER, PIXELS, BATCH = 16, 784, 250


def memory(name: str) -> int:
    return 1024 * int(re.search(rf"^{name}:\s*(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)[1])


def mmd_ova(x, tau):
    pi = tau.mean(0)
    embedded = x.T @ (tau / pi - 1)
    return (pi * embedded.square().sum(0).clamp(min=1e-30).sqrt()).sum() / len(x)


def kl_ova(_, tau):
    pi = tau.mean(0)
    return (tau * tau.log()).sum() / len(tau) - (pi * pi.log()).sum()


def train(images, objective) -> None:
    model = torch.nn.Sequential(
        torch.nn.Linear(PIXELS, 1200), torch.nn.ReLU(), torch.nn.Linear(1200, 1200), torch.nn.ReLU(), torch.nn.Linear(1200, 10)
    )
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for rows in torch.randperm(len(images)).split(BATCH):
        x = images[rows] / 127.5 - 1
        loss = -objective(x, model(x).softmax(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def main(file: str, count: str, objective: str, threads: str) -> None:
    torch.set_num_threads(int(threads))
    n = int(count)
    data = np.fromfile(file, np.uint8, n * PIXELS, offset=HEADER)
    images = torch.from_numpy(data).view(n, PIXELS)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = memory("VmRSS")
    train(images, {"mmd_ova": mmd_ova, "kl_ova": kl_ova}[objective])
    print(json.dumps({"before": before, "peak": memory("VmHWM"), "data": data.nbytes}))


main(*sys.argv[1:])
