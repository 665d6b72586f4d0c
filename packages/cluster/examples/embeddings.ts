/**
 * Texts to clusters: 600 definitions of WordNet, by vectors that a sentence model has made (embeddings/README.md).
 * Node 22.18 and later run it as it is: node packages/cluster/examples/embeddings.ts
 */
import { readFileSync } from 'node:fs';
import { ari } from 'genmi';
import { linear } from 'genmi-cluster';

const read = (name: string) => readFileSync(new URL(`embeddings/${name}`, import.meta.url));
const { texts, categories, dims, scale } = JSON.parse(read('definitions.json').toString());
// transformers.js gives such a tensor: await extractor(texts, { pooling: 'mean', normalize: true })
const tensor = { data: Float32Array.from(new Int8Array(read('vectors.i8')), (byte) => byte * scale), dims };

const clusterer = await linear({ clusters: 8, objective: 'mmd_ova', seed: 0 }).fit(tensor);
const { labels, probabilities } = clusterer;
for (let cluster = 0; cluster < 8; cluster++) {
  const rows = [...labels.keys()].filter((row) => labels[row] === cluster);
  const certainty = (row: number) => probabilities.data[8 * row + cluster] as number;
  rows.sort((one, other) => certainty(other) - certainty(one));
  console.log(`cluster ${cluster}: ${rows.length} texts`);
  for (const row of rows.slice(0, 3)) console.log(`  ${texts[row]}`);
}
const numbers = (names: string[]) => names.map((name) => names.indexOf(name));
console.log(`agreement with the categories of WordNet: ${ari(numbers(categories), labels).toFixed(2)}`);
