"""Distances to neighbours by scikit-learn's exhaustive search."""

import sklearn
from serve import Contestant, project_f32, read_f32, serve
from sklearn.neighbors import NearestNeighbors


def prepare(inputs: str, family: str, data: dict, neighbour: int) -> dict[str, Contestant]:
    del family
    x = read_f32(inputs, data["file"], [data["n"], data["d"]])

    def distances():
        found, _ = NearestNeighbors(n_neighbors=neighbour, algorithm="brute").fit(x).kneighbors()
        return found[:, -1]

    return {"scikit-learn": (distances, lambda found: [project_f32(found)])}


serve({"scikit-learn": sklearn.__version__}, prepare)
