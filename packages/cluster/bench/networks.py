"""Times networks of gemclus: one JSON line in, one JSON line out, for networks.mjs."""
import json
import sys
import time

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


def labels_of(job, x):
    settings = {"n_clusters": job["clusters"], "random_state": job["seed"]}
    if job["model"] != "path":
        return {"linear": LinearMMD, "mlp": MLPMMD}[job["model"]](**settings).fit_predict(x)
    model = SparseLinearMMD(**settings)
    model.path(x, restore_best_weights=True)
    return model.predict(x)


DATA = {name: read(name) for name in ("iris", "wine", "breast_cancer", "digits")}
print(json.dumps({name: {"x": x.tolist(), "y": y.tolist()} for name, (x, y) in DATA.items()}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    x, y = DATA[job["data"]]
    start, used = time.perf_counter(), time.process_time()
    labels = labels_of(job, x)
    seconds, processor = time.perf_counter() - start, time.process_time() - used
    print(json.dumps({"seconds": seconds, "processor": processor, "ari": adjusted_rand_score(y, labels)}), flush=True)
