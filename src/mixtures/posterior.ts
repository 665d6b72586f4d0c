/**
 * What variational inference knows of the components of a mixture: Gaussians whose means and precisions have conjugate
 * priors, Normal-Gamma for independent features, Normal-Wishart for covariances.
 *
 * Both are kept in the numbers of the Wishart distribution, for each component: m_k, b_k (mean | precision ~
 * N(m_k, (b_k Lambda)^-1)), nu_k and D_k (Lambda ~ W(D_k^-1, nu_k), so that E Lambda = nu_k D_k^-1). The Gamma
 * distribution of a feature has shape nu_k / 2 and rate D_k / 2.
 */
import { outOfRange } from '../errors.js';
import { digamma, logGamma } from './special-functions.js';
import { cholesky, invertLower, multiply } from './triangles.js';
import type { Parts } from './turns.js';

/** `'sklearn'`: independent features with the digamma functions of a Wishart distribution, as scikit-learn has them. */
export type Family = 'diagonal' | 'full' | 'sklearn-diagonal';

/** Values of a prior: those of a component without samples. */
export interface Prior {
  readonly mean: Float64Array;
  /** b_0. */
  readonly meanPrecision: number;
  /** nu_0. */
  readonly freedom: number;
  /** D_0: d numbers, or d x d. */
  readonly scatter: Float64Array;
}

/** Values of all components. */
export interface Posterior {
  readonly family: Family;
  /** N_k. */
  readonly counts: Float64Array;
  /** m_k, T x d. */
  readonly means: Float64Array;
  /** b_k. */
  readonly meanPrecisions: Float64Array;
  /** nu_k. */
  readonly freedoms: Float64Array;
  /** D_k, T x d or T x d x d. */
  readonly scatters: Float64Array;
}

/** For each component N, sum r (x - c), and sum r (x - c)^2 or sum r (x - c) (x - c)', about references c. */
export interface Sums {
  readonly references: Float64Array;
  readonly components: Float64Array;
}

/** What is added for the sake of scikit-learn: to counts, and to variances. */
export interface Additions {
  readonly count: number;
  readonly variance: number;
}

/** The posterior of components with such sums: one maximisation step. */
export function* posteriorOf(
  family: Family,
  prior: Prior,
  { references, components }: Sums,
  additions: Additions,
): Parts<Posterior> {
  const d = prior.mean.length;
  const squares = prior.scatter.length;
  const size = 1 + d + squares;
  const count = components.length / size;
  const counts = new Float64Array(count).map((_, k) => (components[k * size] as number) + additions.count);
  const means = new Float64Array(count * d);
  const scatters = new Float64Array(count * squares);
  const meanPrecisions = counts.map((n) => prior.meanPrecision + n);
  for (let k = 0; k < count; k++) {
    yield;
    const own = components.subarray(k * size, (k + 1) * size);
    const reference = references.subarray(k * d, (k + 1) * d);
    const [n, b] = [counts[k] as number, meanPrecisions[k] as number];
    const centre = reference.map((c, f) => (n > 0 ? (c * (own[0] as number) + (own[1 + f] as number)) / n : c));
    const mean = centre.map((x, f) => (prior.meanPrecision * (prior.mean[f] as number) + n * x) / b);
    means.set(mean, k * d);
    const scatter = scatterOf(prior, own, reference, centre, (prior.meanPrecision * n) / b, n * additions.variance);
    scatters.set(scatter, k * squares);
  }
  return { family, counts, means, meanPrecisions, freedoms: counts.map((n) => prior.freedom + n), scatters };
}

/** D_0 + sum r (x - centre) (x - centre)' + weight (centre - m_0) (centre - m_0)', and `added` to variances. */
function scatterOf(
  prior: Prior,
  sums: Float64Array,
  reference: Float64Array,
  centre: Float64Array,
  weight: number,
  added: number,
): Float64Array {
  const d = centre.length;
  const isFull = prior.scatter.length > d;
  const moved = centre.map((x, f) => x - (reference[f] as number));
  const gap = centre.map((x, f) => x - (prior.mean[f] as number));
  const [n, first, second] = [sums[0] as number, sums.subarray(1, 1 + d), sums.subarray(1 + d)];
  return prior.scatter.map((initial, at) => {
    const [i, j] = isFull ? [Math.floor(at / d), at % d] : [at, at];
    const [a, b] = [moved[i] as number, moved[j] as number];
    const about = (second[at] as number) - a * (first[j] as number) - b * (first[i] as number) + n * a * b;
    const scatter = i === j ? Math.max(about, 0) + added : about;
    return initial + scatter + weight * (gap[i] as number) * (gap[j] as number);
  });
}

/** The parameters of a pass (`NativeMixturePass`), and logarithms of determinants. */
export interface Densities {
  readonly parameters: Float64Array;
  /** log |D_k|. */
  readonly logDeterminants: Float64Array;
  /** tr(D_0 D_k^-1). */
  readonly traces: Float64Array;
  /** (m_k - m_0)' D_k^-1 (m_k - m_0). */
  readonly distances: Float64Array;
}

/**
 * The expected log densities of components with E log pi_k = `logWeights`, as `constants - |F_k (x - m_k)|^2 / 2`.
 *
 * @throws RangeError ERR_OUT_OF_RANGE where a D_k is not positive definite.
 */
export function* densitiesOf(posterior: Posterior, prior: Prior, logWeights: Float64Array): Parts<Densities> {
  const { means, freedoms, meanPrecisions, scatters, family } = posterior;
  const [count, d] = [logWeights.length, prior.mean.length];
  const squares = prior.scatter.length;
  const parameters = new Float64Array(count * (d + squares + 1));
  parameters.set(means);
  const [logDeterminants, traces, distances] = [0, 0, 0].map(() => new Float64Array(count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const root = squares > d ? triangle(prior.scatter, d) : prior.scatter;
  for (let k = 0; k < count; k++) {
    yield;
    const nu = freedoms[k] as number;
    const gap = prior.mean.map((m, f) => (means[k * d + f] as number) - m);
    const own = factorise(scatters.subarray(k * squares, (k + 1) * squares), root, gap);
    parameters.set(
      own.inverse.map((entry) => Math.sqrt(nu) * entry),
      count * d + k * squares,
    );
    const logarithm = digammas(family, nu, d) + d * Math.LN2 - own.logDeterminant;
    const spread = d * Math.log(2 * Math.PI) + d / (meanPrecisions[k] as number);
    parameters[count * (d + squares) + k] = (logWeights[k] as number) + (logarithm - spread) / 2;
    [logDeterminants[k], traces[k], distances[k]] = [own.logDeterminant, own.trace, own.distance];
  }
  return { parameters, logDeterminants, traces, distances };
}

function triangle(scatter: Float64Array, d: number): Float64Array {
  const lower = cholesky(scatter, d);
  if (lower instanceof Float64Array) return lower;
  throw outOfRange(
    'x',
    'features with a positive definite covariance',
    `a pivot of ${lower.pivot} at feature ${lower.row}`,
    'remove features that depend on others, or give covariancePrior',
  );
}

/** D^-1/2 in the form of F, log |D|, tr(D_0 D^-1), and gap' D^-1 gap; `root` is D_0, or its triangle. */
function factorise(scatter: Float64Array, root: Float64Array, gap: Float64Array) {
  const d = gap.length;
  if (scatter.length === d) {
    const sum = (of: (x: number, f: number) => number) => scatter.reduce((total, x, f) => total + of(x, f), 0);
    return {
      inverse: scatter.map((x) => 1 / Math.sqrt(x)),
      logDeterminant: sum(Math.log),
      trace: sum((x, f) => (root[f] as number) / x),
      distance: sum((x, f) => (gap[f] as number) ** 2 / x),
    };
  }
  const lower = triangle(scatter, d);
  const inverse = invertLower(lower, d);
  let [logDeterminant, distance] = [0, 0];
  for (let i = 0; i < d; i++) {
    logDeterminant += 2 * Math.log(lower[i * d + i] as number);
    let along = 0;
    for (let j = 0; j <= i; j++) along += (inverse[i * d + j] as number) * (gap[j] as number);
    distance += along * along;
  }
  return { inverse, logDeterminant, trace: multiply(inverse, root, d).reduce((sum, x) => sum + x * x, 0), distance };
}

/** The digamma functions of E log |Lambda|, and the logarithms of the gamma functions of a normaliser. */
const digammas = (family: Family, nu: number, d: number) => sumOver(family, nu, d, digamma);
const logGammas = (family: Family, nu: number, d: number) => sumOver(family, nu, d, logGamma);

function sumOver(family: Family, nu: number, d: number, f: (x: number) => number): number {
  if (family === 'diagonal') return d * f(nu / 2);
  let sum = 0;
  for (let i = 0; i < d; i++) sum += f((nu - i) / 2);
  return sum;
}

/** The divergence of the posterior from its prior, summed over components. */
export function componentDivergence(posterior: Posterior, prior: Prior, densities: Densities): number {
  const { family, meanPrecisions, freedoms } = posterior;
  const { meanPrecision: b0, freedom: nu0, mean, scatter } = prior;
  const d = mean.length;
  const squares = scatter.length;
  const ofPrior = factorise(scatter, squares > d ? triangle(scatter, d) : scatter, new Float64Array(d)).logDeterminant;
  let sum = 0;
  for (const [k, b] of meanPrecisions.entries()) {
    const nu = freedoms[k] as number;
    const distance = b0 * nu * (densities.distances[k] as number);
    const ofMean = d * (Math.log(b / b0) - 1 + b0 / b) + distance;
    const gammas = logGammas(family, nu0, d) - logGammas(family, nu, d) + ((nu - nu0) / 2) * digammas(family, nu, d);
    const determinants = (nu0 / 2) * ((densities.logDeterminants[k] as number) - ofPrior);
    sum += ofMean / 2 + gammas + determinants + (nu / 2) * ((densities.traces[k] as number) - d);
  }
  return sum;
}

/** The terms of components in the bound of scikit-learn's BayesianGaussianMixture. */
export function sklearnTerms(
  { freedoms, meanPrecisions }: Posterior,
  { logDeterminants }: Densities,
  d: number,
): number {
  return freedoms.reduce((sum, nu, k) => {
    const logarithms =
      d * nu * Math.LN2 - nu * (logDeterminants[k] as number) - d * Math.log(meanPrecisions[k] as number);
    return sum + logarithms / 2 + logGammas('full', nu, d);
  }, 0);
}
