"""Hop distances by scipy: from the finished sparse graph, and from distances."""

import numpy as np
import scipy
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import cdist
from serve import Answer, Contestant, project, read, serve

QUANTILE = 0.05


def quantile_graph(distances: np.ndarray) -> np.ndarray:
    return distances < np.quantile(distances, QUANTILE)


def neighbor_graph(distances: np.ndarray, neighbors: int) -> np.ndarray:
    """The graph that connects each sample with its nearest samples, in either direction."""
    nearest = np.argpartition(distances + np.diag(np.full(len(distances), np.inf)), neighbors, axis=1)[:, :neighbors]
    connected = np.zeros(distances.shape, bool)
    np.put_along_axis(connected, nearest, True, axis=1)
    return connected | connected.T


def make_graph(distances: np.ndarray, graph: str, neighbors: int) -> csr_array:
    connected = quantile_graph(distances) if graph == "quantile" else neighbor_graph(distances, neighbors)
    np.fill_diagonal(connected, False)
    return csr_array(connected.astype(np.float64))


def prepare(inputs: str, n: int, d: int, graph: str, neighbors: int, whole: bool, threads: int) -> dict[str, Contestant]:
    """@param whole: whether to time the way from distances, the graph included, as well"""
    del threads  # scipy has one
    x = read(inputs, f"x-{n}-{d}", [n, d], "float64")
    distances = cdist(x, x)
    made = make_graph(distances, graph, neighbors)

    def search(sparse: csr_array) -> np.ndarray:
        return shortest_path(sparse, unweighted=True)

    def summarise(hops) -> list[Answer]:
        return [project(inputs, np.where(np.isinf(hops), 2 * n, hops))]

    contestants: dict[str, Contestant] = {"scipy, given graph": (lambda: search(made), summarise)}
    if whole:
        contestants["scipy"] = (lambda: search(make_graph(distances, graph, neighbors)), summarise)
    return contestants


serve({"scipy": scipy.__version__}, prepare)
