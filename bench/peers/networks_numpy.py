"""The product of two matrices by numpy's OpenBLAS, which takes the kernels that it finds best for the processor."""

import numpy as np
from serve import Contestant, project_f32, read_f32, serve
from threadpoolctl import threadpool_info


def prepare(inputs: str, family: str, a: str, b: str, n: int, d: int, h: int, count: int) -> dict[str, Contestant]:
    del family
    left, right = read_f32(inputs, a, [n, d]), read_f32(inputs, b, [d, h])
    out = np.empty((n, h), np.float32)

    def multiply():
        for _ in range(count):
            np.matmul(left, right, out=out)
        return out

    return {"OpenBLAS": (multiply, lambda result: [project_f32(result)])}


kernels = {library["architecture"] for library in threadpool_info() if library["internal_api"] == "openblas"}
serve({"numpy": np.__version__, "OpenBLAS": " and ".join(sorted(kernels))}, prepare)
