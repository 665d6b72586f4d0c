"""Times gemclus' Kauri: one JSON line in, one JSON line out, for kauri.mjs."""
import json
import sys
import time

import numpy as np
from gemclus.tree import Kauri
from sklearn import datasets

DATA = {name: getattr(datasets, f"load_{name}")().data for name in ("digits", "iris", "wine", "breast_cancer")}
print(json.dumps({name: x.tolist() for name, x in DATA.items()}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    x = DATA[job["data"]]
    model = Kauri(max_clusters=job["maxClusters"], max_leaves=job["maxLeaves"], kernel=job["kernel"], random_state=0)
    start, used = time.perf_counter(), time.process_time()
    for _ in range(job["fits"]):
        labels = model.fit_predict(x)
    seconds = (time.perf_counter() - start) / job["fits"]
    processor = (time.process_time() - used) / job["fits"]
    kernel = model._compute_kernel(x)
    objective = sum(kernel[np.ix_(labels == k, labels == k)].sum() / (labels == k).sum() for k in np.unique(labels))
    print(json.dumps({"seconds": seconds, "processor": processor, "objective": float(objective)}), flush=True)
