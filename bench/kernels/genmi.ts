/** The contestant genmi, for each family of work. */
import { Affinity, gemini, iic, type Matrix, ntXent, type PairOptions } from 'genmi';
import { DirichletProcessMixture } from 'genmi/mixtures';
import { affine, elastic, projectedSinkhorn, wasserstein2 } from 'genmi/perturbations';
import type { Peer } from '../peers.js';
import { median, medianSeconds } from '../statistics.js';
import type { Answer, Contestant, Contestants } from './contestants.js';
import { readFeatures, readPairsOfDigits, readPredictions, readSteps, readView } from './inputs.js';
import { hopSearch, product, quantile } from './native.js';
import { alongSimplex, plain, project } from './projection.js';
import type {
  AffinityWork,
  BallWork,
  HopsWork,
  MixtureWork,
  ObjectiveWork,
  PairWork,
  PerturbationWork,
  Precision,
  Work,
} from './rows.js';

/** Contestants of a row; `close` frees their memory when the row is done. */
export type Entry = { readonly contestants: Contestants; readonly close?: () => void };

/** @param native the program of bench/native, for work that the package does not offer by itself; without it such rows have no entry */
export async function enter(work: Work, native: Peer | undefined, threads: number): Promise<Entry | undefined> {
  if (work.family === 'objective') return objective(work);
  if (work.family === 'pair') return { contestants: { genmi: pair(work) } };
  if (work.family === 'perturbation') return { contestants: { genmi: perturbation(work) } };
  if (work.family === 'mixture') return { contestants: { genmi: mixture(work) } };
  if (work.family === 'ball') return { contestants: { genmi: ball(work) } };
  if (work.family === 'affinity') return { contestants: { genmi: affinity(work) } };
  if (work.family === 'hops') return hops(work);
  if (!native) return undefined;
  if (work.family === 'product') return { contestants: await product(work, native, threads) };
  if (work.family === 'quantile') return { contestants: { genmi: quantile(work, native, threads) } };
  return { contestants: { genmi: hopSearch(work, native, threads) } };
}

function contestant<T>(compute: () => T, summarise: (result: T) => readonly Answer[]): Required<Contestant> {
  return {
    check: () => summarise(compute()),
    time: (seconds) => medianSeconds(compute, seconds),
  };
}

function objective({ objective: name, n, k, d, precision, storage, out }: ObjectiveWork): Entry {
  const predictions = matrix(readPredictions(n, k), [n, k], precision);
  const affinity = name.startsWith('mmd')
    ? Affinity.kernel(matrix(readFeatures(n, d), [n, d]), { kernel: 'rbf', storage, precision })
    : undefined;
  const loss = gemini(name, { affinity });
  const lent = out ? { out: predictions.data.slice() } : {};
  const genmi = contestant(
    () => loss.valueAndGrad(predictions, lent),
    ({ value, gradient }) => [plain(value), project(alongSimplex(gradient))],
  );
  return { contestants: { genmi }, close: () => affinity?.dispose() };
}

function pair({ loss: name, n, k, precision }: PairWork): Contestant {
  const [a, b] = (['a', 'b'] as const).map((view) => matrix(readView(n, k, view), [n, k], precision));
  const loss = name === 'iic' ? iic() : ntXent();
  const options: PairOptions = name === 'iic' ? { from: 'logits' } : {};
  return contestant(
    () => loss.valueAndGrad(a, b, options),
    // The terms of the value are of size 1 and more, and cancel for views that have little in common.
    ({ value, gradients }) => [[value, Math.max(1, Math.abs(value))], ...gradients.map(project)],
  );
}

/** Options as in bench/peers/perturbations.py. */
function perturbation({ map, n, d }: PerturbationWork): Contestant {
  const side = Math.floor(Math.sqrt(d));
  const data = Float32Array.from(readFeatures(n, d).subarray(0, n * side * side));
  const images = { data, shape: [n, side, side] } as const;
  return contestant(
    () => (map === 'affine' ? affine(images, { rotation: 25, scale: 0.2, shift: 0.1 }) : elastic(images)),
    (copies) => [project({ data: copies.data, shape: [n, side * side] })],
  );
}

/** scikit-learn's numbers, so that the answers are its own. */
function mixture({ n, k, d, iterations }: MixtureWork): Contestant {
  const x = matrix(readFeatures(n, d), [n, d]);
  const responsibilities = matrix(readPredictions(n, k), [n, k]);
  const compute = () =>
    new DirichletProcessMixture({ truncation: k, compat: 'sklearn', maxIterations: iterations, tolerance: 0 }).fit(x, {
      responsibilities,
    });
  return {
    check: async () => {
      const { lowerBound, means } = await compute();
      return [plain(lowerBound), project(means)];
    },
    time: async (budget) => {
      const seconds: number[] = [];
      do {
        const start = performance.now();
        await compute();
        seconds.push((performance.now() - start) / 1000);
      } while (seconds.reduce((sum, each) => sum + each) < budget);
      return median(seconds);
    },
  };
}

/** Options as in bench/peers/balls.py. */
function ball({ task, n, d }: BallWork): Contestant {
  const side = Math.floor(Math.sqrt(d));
  const digits = Float32Array.from(readPairsOfDigits(n, d));
  const [a, b] = [0, n].map((first) => ({
    data: digits.subarray(first * d, (first + n) * d),
    shape: [n, side, side] as const,
  }));
  if (task === 'distance')
    return contestant(
      () => wasserstein2(a, b, { gradient: true }),
      ({ distances }) => [project({ data: distances.map((each) => each ** 2), shape: [n, 1] })],
    );
  const steps = { data: Float32Array.from(readSteps(n, d)), shape: a.shape };
  const options = { epsilon: 0.25, lambda: 1000, window: 5, tolerance: 0, maxIterations: 50 };
  return contestant(
    () => projectedSinkhorn(steps, a, options),
    ({ images }) => [project({ data: images.data, shape: [n, d] })],
  );
}

function affinity({ measure, n, d, precision }: AffinityWork): Contestant {
  const x = matrix(readFeatures(n, d), [n, d], precision);
  return makingAffinities(() =>
    measure === 'rbf' || measure === 'laplacian'
      ? Affinity.kernel(x, { kernel: measure, storage: 'dense' })
      : Affinity.distance(x, { metric: measure, storage: 'dense' }),
  );
}

/** Everything after the distances: the quantile or the neighbours, the graph, the search. */
function hops({ graph, neighbors, n, d }: HopsWork): Entry {
  const distances = Affinity.distance(matrix(readFeatures(n, d), [n, d]), { metric: 'euclidean', storage: 'dense' });
  const options = graph === 'neighbors' ? { neighbors } : { quantile: 0.05 };
  const genmi = makingAffinities(() => Affinity.hops(distances, options));
  return { contestants: { genmi }, close: () => distances.dispose() };
}

/** The time includes freeing the result, as for the peers. */
function makingAffinities(make: () => Affinity): Contestant {
  const checked = contestant(make, (made) => {
    using affinity = made;
    return [project(affinity.toMatrix())];
  });
  const freed = contestant(
    () => make().dispose(),
    () => [],
  );
  return { ...freed, check: checked.check };
}

function matrix(data: Float64Array, shape: readonly [number, number], precision: Precision = 'float64'): Matrix {
  return { data: precision === 'float32' ? Float32Array.from(data) : data, shape };
}
