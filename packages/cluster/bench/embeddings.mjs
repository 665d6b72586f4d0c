/** Times clusters of embeddings, from a Parquet file to a page, beside other programs: see README.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ari } from 'genmi';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { fit } from './command.mjs';
import { startPeer, timed } from './peer.mjs';
import { randomNumbers } from './random.mjs';

const [program = 'python3', packages = '.cache/cluster-peers', only = ''] = process.argv.slice(2);
const [rows, columns, clusters, least] = [6000, 512, 20, 50];
/** As many rows as hdbscan-ts has the time for. */
const few = 1000;

/** Lists of float32 and a text, as DuckDB and LanceDB write them. */
const schema = [
  { name: 'root', num_children: 2 },
  { name: 'embedding', repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
  { name: 'group', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
];

const folder = mkdtempSync(path.join(tmpdir(), 'genmi-embeddings-'));
const peer = await startPeer(program, 'embeddings.py');
try {
  const { vectors, classes } = embeddings();
  const file = path.join(folder, 'embeddings.parquet');
  const columnData = [
    { name: 'embedding', data: vectors },
    { name: 'group', data: classes.map((k) => `g${k}`) },
  ];
  writeFileSync(file, new Uint8Array(parquetWriteBuffer({ columnData, schema })));
  const raw = path.join(folder, 'embeddings.f32');
  writeFileSync(raw, Float32Array.from(vectors.flat()));
  const python = (model) => peer.ask({ model, file: raw, shape: [rows, columns], classes, clusters, least });

  const choice = ['--label', 'group', '--clusters', `${clusters}`, '--model', 'linear', '--objective', 'mmd_ova'];
  const contestants = [
    [
      'genmi-cluster fit, linear, 10 restarts, from Parquet to the page',
      rows,
      () => fit(file, path.join(folder, 'run'), choice),
    ],
    ['scikit-learn KMeans, 10 restarts', rows, () => python('kmeans')],
    [`scikit-learn HDBSCAN, clusters of ${least} at least`, rows, () => python('hdbscan')],
    ['EVoC, with its compilation', rows, () => python('evoc')],
    ['EVoC, once more', rows, () => python('evoc')],
    ['hdbscan-ts', few, () => hdbscan(vectors.slice(0, few), classes.slice(0, few))],
  ];
  console.log('| program | rows | seconds | processor seconds | clusters | ARI |');
  console.log(`|${'---|'.repeat(6)}`);
  for (const [name, count, call] of contestants.filter(([each]) => each.includes(only))) {
    const { seconds, processor, clusters: found, ari: agreement } = await call();
    const cells = [name, count, seconds.toPrecision(3), processor.toPrecision(3), found, agreement.toFixed(3)];
    console.log(`| ${cells.join(' | ')} |`);
  }
} finally {
  peer.end();
  rmSync(folder, { recursive: true });
}

/** Unit vectors around 20 directions; noise has twice the length of a direction. */
function embeddings() {
  const { uniform, normal } = randomNumbers();
  const centres = Array.from({ length: clusters }, () => Array.from({ length: columns }, normal));
  const [vectors, classes] = [[], []];
  for (let i = 0; i < rows; i++) {
    classes.push(Math.floor(uniform() * clusters));
    const vector = centres[classes[i]].map((centre) => centre + 2 * normal());
    const length = Math.hypot(...vector);
    vectors.push(vector.map((entry) => entry / length));
  }
  return { vectors, classes };
}

async function hdbscan(vectors, classes) {
  const { HDBSCAN } = createRequire(path.resolve(packages, 'package.json'))('hdbscan-ts');
  const model = new HDBSCAN();
  const times = await timed(() => model.fit(vectors));
  // genmi counts labels from 0. Noise, -1, becomes a cluster, as in scikit-learn.
  const labels = model.labels_.map((label) => label + 1);
  const found = new Set(labels.filter((label) => label > 0)).size;
  return { ...times, clusters: found, ari: ari(classes, labels) };
}
