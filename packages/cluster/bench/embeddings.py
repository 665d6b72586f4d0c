"""Times scikit-learn and EVoC on the embeddings of embeddings.mjs: one JSON line in, one JSON line out."""
import json
import sys
import time

import numpy as np
from evoc import EVoC
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.metrics import adjusted_rand_score

MODELS = {
    "kmeans": lambda job: KMeans(job["clusters"], n_init=10, random_state=0),
    "hdbscan": lambda job: HDBSCAN(min_cluster_size=job["least"]),
    "evoc": lambda job: EVoC(random_state=0),
}

print(json.dumps({}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    x = np.fromfile(job["file"], dtype=np.float32).reshape(job["shape"])
    start, used = time.perf_counter(), time.process_time()
    labels = MODELS[job["model"]](job).fit_predict(x)
    seconds, processor = time.perf_counter() - start, time.process_time() - used
    found, ari = len(set(labels.tolist()) - {-1}), adjusted_rand_score(job["classes"], labels)
    print(json.dumps({"seconds": seconds, "processor": processor, "clusters": found, "ari": ari}), flush=True)
