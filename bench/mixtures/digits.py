"""Dirichlet-process mixtures of scikit-learn on its digits: the data, then one JSON line for each fit, for digits.mjs."""

import json
import sys
import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import BayesianGaussianMixture

warnings.simplefilter("ignore", ConvergenceWarning)
COMPONENTS, ITERATIONS = 10, 500
SEEDS, TRUNCATION = (int(argument) for argument in sys.argv[1:])


def main():
    digits = load_digits()
    x = PCA(COMPONENTS, svd_solver="full").fit_transform(digits.data / 16)
    data = {"x": x.tolist(), "classes": digits.target.tolist()}
    print(json.dumps(data | {"truncation": TRUNCATION, "iterations": ITERATIONS}))
    for covariance in ("diag", "full"):
        for seed in range(SEEDS):
            mixture = BayesianGaussianMixture(
                n_components=TRUNCATION,
                covariance_type=covariance,
                weight_concentration_prior_type="dirichlet_process",
                max_iter=ITERATIONS,
                random_state=seed,
            )
            labels = mixture.fit(x).predict(x)
            # The start of the fit: k-means with the same random numbers.
            start = KMeans(TRUNCATION, n_init=1, random_state=np.random.RandomState(seed)).fit(x).labels_
            result = {"labels": labels.tolist(), "start": start.tolist(), "iterations": mixture.n_iter_}
            print(json.dumps({"covariance": covariance, "seed": seed} | result))


main()
