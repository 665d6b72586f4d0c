"""Times networks of gemclus: one JSON line in, one JSON line out, for networks.mjs."""
import json
import sys
import time

import numpy as np
from gemclus.linear import LinearMMD
from gemclus.mlp import MLPMMD
from gemclus.sparse import SparseLinearMMD
from sklearn import datasets
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler


def read(name):
    data = getattr(datasets, f"load_{name}")()
    scale = name != "digits"
    return (StandardScaler().fit_transform(data.data) if scale else data.data / 16), data.target


MODELS = {"linear": LinearMMD, "mlp": MLPMMD, "path": SparseLinearMMD}
# The names of parameters in genmi, and in gemclus.
PARAMETERS = {"hidden1.weights": "W1_", "hidden1.bias": "b1_", "head.weights": "W2_", "head.bias": "b2_"}
LINEAR = {"head.weights": "W_", "head.bias": "b_"}


def model_of(job):
    settings = {"n_clusters": job["clusters"], "max_iter": job["epochs"], "random_state": job["seed"]}
    return MODELS[job["model"]](**settings, learning_rate=job["learningRate"])


def start_of(job, x):
    """The values that a fit begins with."""
    model = model_of(job)
    model.n_features_in_ = x.shape[1]
    model._init_params(np.random.RandomState(job["seed"]), x)
    names = PARAMETERS if job["model"] == "mlp" else LINEAR
    return {name: {"data": getattr(model, own).ravel().tolist()} for name, own in names.items()}


def labels_of(job, x):
    model = model_of(job)
    if job["model"] != "path":
        return model.fit_predict(x)
    model.path(x, restore_best_weights=True)
    return model.predict(x)


DATA = {name: read(name) for name in ("iris", "wine", "breast_cancer", "digits")}
DATA["digits_600"] = tuple(each[:600] for each in DATA["digits"])
print(json.dumps({name: {"x": x.tolist(), "y": y.tolist()} for name, (x, y) in DATA.items()}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    x, y = DATA[job["data"]]
    start, used = time.perf_counter(), time.process_time()
    labels = labels_of(job, x)
    seconds, processor = time.perf_counter() - start, time.process_time() - used
    answer = {"seconds": seconds, "processor": processor, "ari": adjusted_rand_score(y, labels)}
    print(json.dumps(answer | {"labels": labels.tolist(), "start": start_of(job, x)}), flush=True)
