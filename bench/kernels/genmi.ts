/** genmi's side of each row. */
import { Affinity, gemini, type Matrix } from 'genmi';
import type { Peer } from '../peers.js';
import { median, timed } from '../statistics.js';
import type { Contestant, Contestants } from './contestants.js';
import { featuresFile, readFeatures, readPredictions } from './inputs.js';
import {
  type AffinityWork,
  type HopsWork,
  type ObjectiveWork,
  PEAK,
  type ProductWork,
  type QuantileWork,
  READ_LIMIT,
  type Work,
} from './rows.js';

/** What `close` frees when the row is done. */
export type Entry = { readonly contestants: Contestants; readonly close?: () => void };

/** @param native the program of bench/native, for what the package does not offer by itself */
export function enter(work: Work, native: Peer, threads: number): Entry {
  switch (work.family) {
    case 'objective':
      return objective(work);
    case 'affinity':
      return { contestants: { genmi: affinity(work) } };
    case 'hops':
      return hops(work);
    case 'product':
      return { contestants: product(work, native, threads) };
    case 'quantile':
      return { contestants: { genmi: quantile(work, native, threads) } };
  }
}

function contestant<T>(compute: () => T, summarise: (result: T) => readonly number[]): Contestant {
  return {
    check: () => summarise(compute()),
    time(seconds) {
      const times: number[] = [];
      for (let spent = 0; spent < seconds; ) {
        const [elapsed] = timed(compute);
        times.push(elapsed);
        spent += elapsed;
      }
      return median(times);
    },
  };
}

function objective({ objective: name, n, k, d, precision }: ObjectiveWork): Entry {
  const predictions = matrix(readPredictions(n, k), [n, k], precision);
  const affinity = name.startsWith('mmd')
    ? Affinity.kernel(matrix(readFeatures(n, d), [n, d]), { kernel: 'rbf', storage: 'dense', precision })
    : undefined;
  const loss = gemini(name, { affinity });
  const genmi = contestant(
    () => loss.valueAndGrad(predictions),
    ({ value, gradient }) => [value, norm(gradient)],
  );
  return { contestants: { genmi }, close: () => affinity?.dispose() };
}

function affinity({ measure, n, d, precision }: AffinityWork): Contestant {
  const x = matrix(readFeatures(n, d), [n, d], precision);
  return makingAffinities(() =>
    measure === 'rbf' || measure === 'laplacian'
      ? Affinity.kernel(x, { kernel: measure, storage: 'dense' })
      : Affinity.distance(x, { metric: measure, storage: 'dense' }),
  );
}

function hops({ graph, neighbors, n, d }: HopsWork): Entry {
  const distances = Affinity.distance(matrix(readFeatures(n, d), [n, d]), { metric: 'euclidean', storage: 'dense' });
  // The threshold is found once, before anything is timed.
  using first = Affinity.hops(distances, graph === 'neighbors' ? { neighbors } : { quantile: 0.05 });
  const threshold = first.graph?.threshold;
  const genmi = makingAffinities(() => Affinity.hops(distances, graph === 'neighbors' ? { neighbors } : { threshold }));
  return { contestants: { genmi }, close: () => distances.dispose() };
}

/** Freeing the result is timed, too, as it is for the peers. They are compared by the mean of all entries. */
function makingAffinities(make: () => Affinity): Contestant {
  const { check } = contestant(make, (made) => {
    using affinity = made;
    return [mean(affinity.toMatrix())];
  });
  const { time } = contestant(
    () => make().dispose(),
    () => [],
  );
  return { check, time };
}

/** The product, and what the machine would take at best: to read the kernel once, to multiply and add as often. */
function product({ n, k, precision }: ProductWork, native: Peer, threads: number): Contestants {
  const ask = (seconds: number) =>
    native.ask(`product ${n} ${k} ${precision} ${threads} ${seconds}`) as Promise<{ seconds: number; bytes: number }>;
  const limit = async (work: number, command: string) => {
    const { perSecond } = (await native.ask(command)) as { perSecond: number };
    return work / perSecond;
  };
  let bytes = 0;
  const check = async () => {
    ({ bytes } = await ask(0.01));
    return [];
  };
  const unchecked = () => [];
  return {
    genmi: { check, time: async (seconds) => (await ask(seconds)).seconds },
    [READ_LIMIT]: { check: unchecked, time: (seconds) => limit(bytes, `read ${bytes} ${threads} ${seconds}`) },
    [PEAK]: { check: unchecked, time: (seconds) => limit(2 * n * n * k, `peak ${precision} ${threads} ${seconds}`) },
  };
}

function quantile({ n, d, precision }: QuantileWork, native: Peer, threads: number): Contestant {
  const ask = (seconds: number) =>
    native.ask(`quantile ${featuresFile(n, d)} ${n} ${d} ${precision} ${threads} ${seconds}`) as Promise<{
      seconds: number;
      value: number;
    }>;
  return {
    check: async () => [(await ask(0.01)).value],
    time: async (seconds) => (await ask(seconds)).seconds,
  };
}

function matrix(data: Float64Array, shape: readonly [number, number], precision = 'float64'): Matrix {
  return { data: precision === 'float32' ? Float32Array.from(data) : data, shape };
}

function mean({ data }: Matrix): number {
  let sum = 0;
  for (const value of data) sum += value;
  return sum / data.length;
}

/** Of a gradient, along the simplex: off it, where predictions do not sum to 1, libraries differ. */
function norm({ data, shape }: Matrix): number {
  const k = shape[1];
  let sum = 0;
  for (let start = 0; start < data.length; start += k) {
    const row = Float64Array.from(data.subarray(start, start + k));
    const mean = row.reduce((total, value) => total + value) / k;
    for (const value of row) sum += (value - mean) ** 2;
  }
  return Math.sqrt(sum);
}
