"""Iterations of scikit-learn's BayesianGaussianMixture with a Dirichlet process, from given responsibilities."""

import warnings

import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import BayesianGaussianMixture
from threadpoolctl import threadpool_limits

from serve import Answer, Contestant, plain, project, read, serve

warnings.simplefilter("ignore", ConvergenceWarning)


class Started(BayesianGaussianMixture):
    def __init__(self, responsibilities, **options):
        super().__init__(**options)
        self.responsibilities = responsibilities

    def _initialize_parameters(self, X, *_, **__):
        self._initialize(X, self.responsibilities)


def prepare(inputs: str, n: int, k: int, d: int, iterations: int, threads: int) -> dict[str, Contestant]:
    x, responsibilities = read(inputs, f"x-{n}-{d}", [n, d], "float64"), read(inputs, f"tau-{n}-{k}", [n, k], "float64")
    options = {"n_components": k, "covariance_type": "diag", "max_iter": iterations, "tol": 0,
               "weight_concentration_prior_type": "dirichlet_process"}

    def compute():
        with threadpool_limits(threads):
            return Started(responsibilities, **options).fit(x)

    def summarise(model) -> list[Answer]:
        return [plain(model.lower_bound_), project(inputs, model.means_)]

    return {"scikit-learn": (compute, summarise)}


serve({"scikit-learn": sklearn.__version__}, prepare)
