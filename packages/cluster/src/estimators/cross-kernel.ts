/** Kernels between samples and other samples: rows k(x, y_1), …, k(x, y_N) for models that predict new samples. */
import type { KernelOptions, Matrix, Precision } from 'genmi';
import { outOfRange } from '../errors.js';

type Parameters = Pick<KernelOptions, 'kernel' | 'gamma' | 'degree' | 'coef0'>;
/** The kernel of the rows that begin at `a` and `b`. */
type Entry = (x: Precision, a: number, y: Precision, b: number) => number;

/** The sum over features of a function of both entries. */
function summed(d: number, term: (u: number, v: number) => number): Entry {
  return (x, a, y, b) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += term(x[a + j], y[b + j]);
    return sum;
  };
}

/** A kernel of d features, as `Affinity.kernel` defines it. */
export function entryOf(options: Parameters, d: number): Entry {
  const { kernel, degree = 3, coef0 = 1 } = options;
  const gamma = numberOf(options, d);
  const inner = summed(d, (u, v) => u * v);
  const squared = summed(d, (u, v) => (u - v) * (u - v));
  const absolute = summed(d, (u, v) => Math.abs(u - v));
  const chi2 = summed(d, (u, v) => (u === v ? 0 : ((u - v) * (u - v)) / (u + v)));
  switch (kernel) {
    case 'linear':
      return inner;
    case 'rbf':
    case 'gaussian':
      return (...rows) => Math.exp(-gamma * squared(...rows));
    case 'laplacian':
      return (...rows) => Math.exp(-gamma * absolute(...rows));
    case 'polynomial':
    case 'poly':
      return (...rows) => (gamma * inner(...rows) + coef0) ** degree;
    case 'sigmoid':
      return (...rows) => Math.tanh(gamma * inner(...rows) + coef0);
    case 'cosine':
      return (x, a, y, b) => inner(x, a, y, b) / (lengthOf(inner, x, a) * lengthOf(inner, y, b));
    case 'additive_chi2':
      return (...rows) => -chi2(...rows);
    case 'chi2':
      return (...rows) => Math.exp(-gamma * chi2(...rows));
  }
}

/** A row of zeros has the cosine 0 with all others. */
const lengthOf = (inner: Entry, x: Precision, a: number): number => Math.sqrt(inner(x, a, x, a)) || 1;

function numberOf({ kernel, gamma }: Parameters, d: number): number {
  if (gamma === 'median') {
    throw outOfRange(
      'kernel.gamma',
      "a number for the model 'kernel-rim'",
      "'median'",
      'leave it out: it is then 1 / d',
    );
  }
  return gamma ?? { gaussian: 10, chi2: 1 }[kernel as string] ?? 1 / d;
}

/** Writes the kernel's rows of the samples from `first` to `end` - 1 of x, one after the other. */
export function writeKernelRows(options: Parameters, x: Matrix, y: Matrix, out: Precision, first: number, end: number) {
  const [n, d] = y.shape;
  const entry = entryOf(options, d);
  for (let i = first; i < end; i++) {
    for (let j = 0; j < n; j++) out[(i - first) * n + j] = entry(x.data, i * d, y.data, j * d);
  }
}

/** @throws RangeError ERR_OUT_OF_RANGE for negative features of a chi-squared kernel */
export function checkFeatures({ kernel }: Parameters, { data, shape }: Matrix): void {
  const at = /chi2$/.test(kernel) ? data.findIndex((value) => value < 0) : -1;
  if (at === -1) return;
  const place = `x[${Math.floor(at / shape[1])}][${at % shape[1]}]`;
  throw outOfRange(place, `a number >= 0 for the kernel '${kernel}'`, `${data[at]}`, 'take another kernel');
}
