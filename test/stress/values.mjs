// Values of random small problems are compared with their definitions, written term by term in plain JavaScript.
import { COUNT, SEED, done, genmi, integer, matrix, pick, probabilities, random } from './shared.mjs';

const { Affinity } = genmi;
const range = (n) => Array.from({ length: n }, (_, i) => i);
const total = (n, term) => range(n).reduce((sum, i) => sum + term(i), 0);
const rowOf = ({ data, shape: [, d] }, i) => Array.from(data.subarray(i * d, (i + 1) * d));
const dot = (x, y) => total(x.length, (f) => x[f] * y[f]);
const square = (x, y) => total(x.length, (f) => (x[f] - y[f]) ** 2);
const gap = (x, y) => total(x.length, (f) => Math.abs(x[f] - y[f]));

const kernels = {
  linear: dot,
  rbf: (x, y) => Math.exp(-0.7 * square(x, y)),
  laplacian: (x, y) => Math.exp(-0.7 * gap(x, y)),
  polynomial: (x, y) => (0.7 * dot(x, y) + 1) ** 3,
  sigmoid: (x, y) => Math.tanh(0.7 * dot(x, y) + 1),
  cosine: (x, y) => dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)),
};
const distances = {
  euclidean: (x, y) => Math.sqrt(square(x, y)),
  sqeuclidean: square,
  manhattan: gap,
  chebyshev: (x, y) => Math.max(...x.map((_, f) => Math.abs(x[f] - y[f]))),
};
const divergences = {
  kl: (p, q) => p * Math.log(p / q),
  tv: (p, q) => Math.abs(p - q) / 2,
  hellinger: (p, q) => (Math.sqrt(p) - Math.sqrt(q)) ** 2 / 2,
};

function compare(what, found, expected, tolerance, scale = Math.abs(expected)) {
  if (Math.abs(found - expected) <= tolerance * (scale + 1e-30)) return;
  throw new Error(`seed ${SEED}: ${what} is ${found}, by its definition ${expected}`);
}

function affinity() {
  const x = matrix(integer(2, 9), integer(1, 40), Float64Array);
  const isKernel = random() < 0.5;
  const name = pick(Object.keys(isKernel ? kernels : distances));
  const storage = pick(['dense', 'features']);
  const gamma = ['rbf', 'laplacian', 'polynomial', 'sigmoid'].includes(name) ? { gamma: 0.7 } : {};
  const made = isKernel
    ? Affinity.kernel(x, { kernel: name, storage, ...gamma })
    : Affinity.distance(x, { metric: name, storage });
  const {
    data,
    shape: [n],
  } = made.toMatrix();
  const definition = (isKernel ? kernels : distances)[name];
  const [i, j] = [integer(0, n - 1), integer(0, n - 1)];
  const [a, b] = [rowOf(x, i), rowOf(x, j)];
  // Terms of inner products cancel: the tolerance follows the terms, not the sum.
  compare(
    `${name} ${storage}`,
    data[i * n + j],
    definition(a, b),
    1e-11,
    Math.abs(definition(a, b)) + Math.sqrt(dot(a, a) * dot(b, b)) ** (name === 'polynomial' ? 3 : 1),
  );
}

function clusters(tau) {
  const [n, k] = tau.shape;
  return { n, k, at: (i, c) => tau.data[i * k + c], pi: range(k).map((c) => total(n, (i) => tau.data[i * k + c]) / n) };
}

function divergence() {
  const tau = probabilities(integer(2, 20), integer(2, 6), Float64Array);
  const { n, k, at, pi } = clusters(tau);
  const f = pick(Object.keys(divergences));
  const mode = pick(['ova', 'ovo']);
  const term = divergences[f];
  const expected =
    mode === 'ova'
      ? total(k, (c) => total(n, (i) => term(at(i, c), pi[c])) / n)
      : total(k, (a) => total(k, (b) => total(n, (i) => term(at(i, a) * pi[b], at(i, b) * pi[a])) / n));
  compare(`${f}_${mode}`, genmi.fDivergence({ mode, f }).value(tau), expected, 1e-10, Math.abs(expected) + 1e-4);
}

function discrepancy() {
  const n = integer(3, 12);
  const kernel = Affinity.kernel(matrix(n, 3, Float64Array), { kernel: 'rbf', gamma: 0.5 });
  const { data } = kernel.toMatrix();
  const tau = probabilities(n, integer(2, 4), Float64Array);
  const { k, at, pi } = clusters(tau);
  const mode = pick(['ova', 'ovo']);
  const norm = (w) =>
    Math.sqrt(
      Math.max(
        0,
        total(n, (i) => total(n, (j) => w[i] * data[i * n + j] * w[j])),
      ),
    ) / n;
  const expected =
    mode === 'ova'
      ? total(k, (a) => pi[a] * norm(range(n).map((i) => at(i, a) / pi[a] - 1)))
      : total(k, (a) =>
          total(k, (b) => pi[a] * pi[b] * norm(range(n).map((i) => at(i, a) / pi[a] - at(i, b) / pi[b]))),
        );
  compare(`mmd_${mode}`, genmi.mmd({ mode, affinity: kernel }).value(tau), expected, 1e-9);
}

/** Transport between equal weights costs as much as the cheapest permutation: its vertices are permutations. */
function transport() {
  const n = integer(1, 6);
  const costs = Float64Array.from({ length: n * n }, () => integer(0, 20) * pick([1, 0.5, 1e-3]));
  let least = Number.POSITIVE_INFINITY;
  const assign = (row, used, sum) => {
    if (row === n) least = Math.min(least, sum);
    else for (let j = 0; j < n; j++) if (!(used & (1 << j))) assign(row + 1, used | (1 << j), sum + costs[row * n + j]);
  };
  assign(0, 0, 0);
  const ones = new Float64Array(n).fill(1);
  compare('emd', genmi.emd(ones, ones, { data: costs, shape: [n, n] }).cost, least, 1e-12, Math.abs(least) + 1e-9);
}

function hops() {
  const n = integer(4, 20);
  const x = matrix(n, 2, Float64Array);
  const made = Affinity.hops(x, { threshold: 1.2 });
  const near = range(n).map((i) =>
    range(n).filter((j) => j !== i && distances.euclidean(rowOf(x, i), rowOf(x, j)) < 1.2),
  );
  const start = integer(0, n - 1);
  const found = new Array(n).fill(2 * n);
  found[start] = 0;
  for (const queue = [start]; queue.length > 0; ) {
    const node = queue.shift();
    for (const next of near[node]) {
      if (found[next] < 2 * n) continue;
      found[next] = found[node] + 1;
      queue.push(next);
    }
  }
  const { data } = made.toMatrix();
  for (let j = 0; j < n; j++) compare('hops', data[start * n + j], found[j], 0);
}

for (let i = 0; i < COUNT; i++) {
  const check = pick([affinity, affinity, divergence, discrepancy, transport, hops]);
  try {
    check();
  } catch (error) {
    // A graph without an edge is refused.
    if (check !== hops || error.code !== 'ERR_OUT_OF_RANGE') throw error;
  }
}
done(`${COUNT} values equal their definitions`);
