// Many asynchronous calls at once that are aborted, or whose affinities and solvers are disposed of, at random moments.
// Each settles with its result, the signal's reason, or ERR_DISPOSED.
import {
  COUNT,
  chance,
  checkError,
  done,
  genmi,
  integer,
  matrix,
  pick,
  probabilities,
  random,
  sleep,
} from './shared.mjs';

const { Affinity } = genmi;
const reason = new Error('enough');
const made = () => ({
  kernel: Affinity.kernel(matrix(60, 3), { kernel: 'rbf' }),
  distance: Affinity.distance(matrix(60, 3), {
    metric: pick(['euclidean', 'sqeuclidean']),
    storage: pick(['dense', 'features']),
  }),
});
let current = made();
const square = { data: new Float64Array(120 * 120), shape: [120, 120] };

const calls = {
  kernel: (signal) =>
    Affinity.kernelAsync(matrix(integer(1, 300), 8), {
      kernel: pick(['rbf', 'laplacian']),
      gamma: pick([1, 'median']),
      signal,
    }),
  distance: (signal) =>
    Affinity.distanceAsync(matrix(integer(1, 300), 8), { metric: 'manhattan', signal, onProgress: () => {} }),
  hops: (signal) => Affinity.hopsAsync(matrix(integer(30, 400), 2), { neighbors: 3, signal }),
  hopsOfAffinity: (signal) => Affinity.hopsAsync(current.distance, { quantile: 0.3, signal }),
  precomputed: (signal) => Affinity.precomputedAsync(square, 'distance', { signal }),
  value: (signal) => genmi.mmd({ mode: 'ovo', affinity: current.kernel }).valueAsync(probabilities(60, 5), { signal }),
  valueAndGrad: (signal) =>
    genmi
      .wasserstein({ mode: pick(['ova', 'ovo']), affinity: current.distance, warmStart: chance(0.5) })
      .valueAndGradAsync(probabilities(60, 4), { signal }),
  solveMany: async (signal) => {
    const solver = new genmi.TransportSolver(current.distance);
    const solved = solver.solveManyAsync(probabilities(8, 60), probabilities(1, 60), {
      plan: true,
      warmStart: chance(0.5),
      signal,
    });
    if (chance(0.2)) solver.dispose();
    return solved;
  },
};

const outcomes = { ended: 0, aborted: 0, failed: 0 };
async function one() {
  const name = pick(Object.keys(calls));
  const controller = new AbortController();
  if (chance(0.05)) controller.abort(reason);
  else if (chance(0.7)) setTimeout(() => controller.abort(reason), random() * 8);
  try {
    const result = await calls[name](controller.signal);
    if (result instanceof Affinity && chance(0.5)) result.dispose();
    outcomes.ended += 1;
  } catch (error) {
    if (error === reason) outcomes.aborted += 1;
    else {
      outcomes.failed += 1;
      if (error.code !== 'ERR_DISPOSED') checkError(error, name);
    }
  }
  if (chance(0.05)) {
    current[pick(['kernel', 'distance'])].dispose();
    current = made();
  }
}

let started = 0;
async function caller() {
  while (started < COUNT) {
    started += 1;
    await one();
    if (chance(0.02)) await sleep(1);
    if (chance(0.01)) globalThis.gc?.();
  }
}
await Promise.all(Array.from({ length: 12 }, caller));
if (outcomes.aborted === 0 || outcomes.ended === 0) throw new Error(`one-sided outcomes: ${JSON.stringify(outcomes)}`);
done(`${COUNT} asynchronous calls: ${JSON.stringify(outcomes)}`);
