/**
 * Divergences between Gaussians: the geometric Jensen-Shannon divergence, its dual, and Kullback-Leibler.
 *
 * All are weighted sums of divergences between a Gaussian and the geometric mean G of two, taken in coordinates in which
 * both covariances are diagonal. With variances v and u there, c the exponent of the other Gaussian in G, gap the
 * difference of the means, and s = (1 - c) u + c v, the variance of G is v u / s, and
 *
 *   2 KL(N(v) || G) = h(s / u) + c^2 gap^2 v / (u s),   2 KL(G || N(v)) = h(u / s) + c^2 gap^2 v / s^2,
 *
 * with h(x) = x - 1 - log x >= 0. No term is negative, so nothing cancels.
 */
import { describe, invalidType, outOfRange } from '../errors.js';
import { checkBoolean, checkNumber, checkOptions, oneOf } from '../options.js';
import { type Gaussian, type GaussianGradient, inFormOf, type Parameters, readGaussian } from './gaussians.js';
import { apply, dot, invertLower, multiply, rotateRows, transpose } from './triangles.js';

/** Options of `gaussianKl`. */
export interface GaussianOptions {
  /** Variances below it count as it, and no gradient passes through them; default 0. Covariances have no floor. */
  floor?: number | undefined;
}

/** Options of `alphaJs`. */
export interface AlphaJsOptions extends GaussianOptions {
  /** The skew, in the open interval (0, 1); default 0.5. */
  alpha?: number | undefined;
  /**
   * The geometric mean: `'nielsen'`, p^(1 - alpha) q^alpha (default); `'deasy'`, p^alpha q^(1 - alpha), which tends to
   * KL(p || q) for alpha to 0, and to KL(q || p) for alpha to 1.
   */
  variant?: 'nielsen' | 'deasy' | undefined;
  /** Compare the geometric mean with p and q, instead of p and q with the geometric mean. Default false. */
  dual?: boolean | undefined;
  /** The mean of both orders of p and q; default false. For alpha = 0.5, both orders are equal. */
  symmetrise?: boolean | undefined;
}

/** A divergence and its gradients with respect to all parameters of p and q. */
export interface DivergenceAndGradients<P, Q> {
  /** The divergence, >= 0, in nats. */
  value: number;
  /** The gradients with respect to the parameters of p and of q, in their form: descend along them. */
  gradients: [p: GaussianGradient<P>, q: GaussianGradient<Q>];
}

/** A divergence between two Gaussians, to be minimised: >= 0, and 0 where they are equal. */
export interface GaussianDivergence {
  /** The name of the divergence, with its options. */
  readonly name: string;
  /**
   * The divergence of p and q, in nats; for n pairs of them, row by row, the mean over the pairs.
   *
   * Cost: O(n d); with covariances about 10 d^3 multiplications for each of some 8 sweeps.
   *
   * @param p one Gaussian, or n with independent features.
   * @param q as many of the same dimension d: both with a covariance, or both without.
   * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE for other shapes, variances that are not positive,
   * covariances that are not positive definite, and results that are not finite; GenmiError ERR_OUT_OF_MEMORY.
   */
  value(p: Gaussian, q: Gaussian): number;
  /**
   * The value, and its gradients: exact, with respect to means, variances (or their logarithms), or covariances.
   *
   * The entries of a covariance are free variables: the gradient is a symmetric matrix. Arguments and errors: as `value`.
   */
  valueAndGrad<P extends Gaussian, Q extends Gaussian>(p: P, q: Q): DivergenceAndGradients<P, Q>;
}

/**
 * The skew geometric Jensen-Shannon divergence of two Gaussians, JS(p : q) = (1 - a) KL(p || G) + a KL(q || G), for the
 * geometric mean G of p and q, a Gaussian that is proportional to p^(1 - a) q^a; or its dual with KL(G || p) and KL(G || q).
 *
 * Range: >= 0, without an upper bound (log 2 bounds the arithmetic Jensen-Shannon divergence only). Exchanged
 * Gaussians have the divergence of 1 - a: it is symmetric for a = 1/2 alone, and with `symmetrise`.
 *
 * Sources: Nielsen, "On the Jensen-Shannon symmetrization of distances relying on abstract means", 2019, Corollary 1;
 * for the variant, Deasy, Simidjievski, Lio, "Constraining Variational Inference with Geometric Jensen-Shannon
 * Divergence", 2020.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options.
 */
export function alphaJs(options: AlphaJsOptions = {}): GaussianDivergence {
  checkOptions(options, ['alpha', 'variant', 'dual', 'symmetrise', 'floor']);
  const alpha = checkNumber('alpha', options.alpha ?? 0.5);
  if (!(alpha > 0 && alpha < 1)) {
    const remedy = 'gaussianKl() is the limit of the Deasy variant';
    throw outOfRange('alpha', 'a number in the open interval (0, 1)', describe(alpha), remedy);
  }
  const variant = oneOf('variant', options.variant ?? 'nielsen', ['nielsen', 'deasy']);
  const dual = checkBoolean('dual', options.dual ?? false);
  const symmetrise = checkBoolean('symmetrise', options.symmetrise ?? false);
  const one = { weight: 1, ofQ: alpha, inMean: variant === 'nielsen' ? alpha : 1 - alpha };
  const other = { weight: 0.5, ofQ: 1 - one.ofQ, inMean: 1 - one.inMean };
  const orders = symmetrise ? [{ ...one, weight: 0.5 }, other] : [one];
  const words = [`alpha ${alpha}`, ...(variant === 'deasy' ? [variant] : []), ...(dual ? ['dual'] : [])];
  const name = `alphaJs(${[...words, ...(symmetrise ? ['symmetrised'] : [])].join(', ')})`;
  return new Divergence(name, dual ? fromMean : toMean, orders, floorOf(options));
}

/**
 * The Kullback-Leibler divergence KL(p || q) of two Gaussians. Exchange them for the reverse divergence.
 *
 * Range: >= 0, without an upper bound.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for other options.
 */
export function gaussianKl(options: GaussianOptions = {}): GaussianDivergence {
  checkOptions(options, ['floor']);
  // The geometric mean with exponent 1 of q is q.
  return new Divergence('gaussianKl', toMean, [{ weight: 1, ofQ: 0, inMean: 1 }], floorOf(options));
}

function floorOf({ floor }: GaussianOptions): number {
  return checkNumber('floor', floor ?? 0, { min: 0 });
}

/** One order of p and q: its share, the weight of q's divergence, and the exponent of q in the geometric mean. */
interface Order {
  readonly weight: number;
  readonly ofQ: number;
  readonly inMean: number;
}

/**
 * The derivatives by the entries S_ij of a covariance: spread_i for i = j, plus
 * gap_i gap_j (squared first_i first_j + crossed (first_i second_j + second_i first_j)).
 */
interface Slope {
  readonly spread: number;
  readonly first: number;
  readonly second: number;
}

interface Slopes {
  of(c: number, v: number, u: number, s: number): Slope;
  squared(c: number): number;
  crossed(c: number): number;
}

/** Twice a divergence between N(., v) and the geometric mean: its value, and its derivatives by S and by the other's S. */
interface Term {
  spread(c: number, v: number, u: number, s: number): number;
  /** The factor of gap^2. */
  square(c: number, v: number, u: number, s: number): number;
  readonly own: Slopes;
  readonly other: Slopes;
}

/** 2 KL(N(v) || G). */
const toMean: Term = {
  spread: (c, v, u, s) => excess((c * (v - u)) / u, s / u),
  square: (c, v, u, s) => (c * c * (v / u)) / s,
  own: {
    of: (c, v, u, s) => ({ spread: (c * c * ((v - u) / u)) / s, first: 1 / s, second: 0 }),
    squared: (c) => c * c * (1 - c),
    crossed: () => 0,
  },
  other: {
    of: (c, v, u, s) => ({ spread: (-c * c * (v / u) * ((v - u) / u)) / s, first: v / u / s, second: 1 / u }),
    squared: (c) => c ** 3,
    crossed: (c) => -c * c,
  },
};

/** 2 KL(G || N(v)). */
const fromMean: Term = {
  spread: (c, v, u, s) => excess((c * (u - v)) / s, u / s),
  square: (c, v, _, s) => (c * c * (v / s)) / s,
  own: {
    of: (c, v, u, s) => ({ spread: (c * c * ((v - u) / s)) / s, first: 1 / s, second: u / s / s }),
    squared: (c) => -c * c,
    crossed: (c) => c * c * (1 - c),
  },
  other: {
    of: (c, v, u, s) => ({ spread: (c * c * (v / u) * ((u - v) / s)) / s, first: 1 / s, second: v / s / s }),
    squared: () => 0,
    crossed: (c) => -c * c * (1 - c),
  },
};

/** x - log(1 + x), without cancellation for small x; `sum` is 1 + x. */
function excess(x: number, sum: number): number {
  if (Math.abs(x) > 0.5) return x - Math.log(sum);
  // log(1 + x) = 2 artanh t, and x - 2 t = x t.
  const t = x / (2 + x);
  let [series, power] = [0, 1];
  for (let k = 3; power > 1e-18; k += 2) {
    series += power / k;
    power *= t * t;
  }
  return x * t - 2 * t ** 3 * series;
}

/** Two Gaussians in coordinates in which their covariances are diagonal, and derivatives there. */
interface Pair {
  readonly gap: Float64Array;
  readonly variances: readonly [p: Float64Array, q: Float64Array];
  /** By the mean of p, which is minus that by the mean of q. */
  readonly byMean: Float64Array;
  /** By variances, or by all entries of the covariances. */
  readonly bySpread: readonly [p: Float64Array, q: Float64Array];
}

/** Returns half of the terms of all orders, and adds their derivatives. */
function evaluate(term: Term, orders: readonly Order[], pair: Pair): number {
  let value = 0;
  for (const { weight, ofQ, inMean } of orders) {
    if (ofQ < 1) value += addTerm(term, (weight * (1 - ofQ)) / 2, inMean, pair, 0);
    if (ofQ > 0) value += addTerm(term, (weight * ofQ) / 2, 1 - inMean, pair, 1);
  }
  return value;
}

function addTerm(term: Term, weight: number, c: number, pair: Pair, side: 0 | 1): number {
  const { gap, variances, byMean, bySpread } = pair;
  const own = variances[side];
  const other = variances[1 - side] as Float64Array;
  let sum = 0;
  for (let i = 0; i < gap.length; i++) {
    const v = own[i] as number;
    const u = other[i] as number;
    const distance = gap[i] as number;
    const s = varianceSum(c, v, u);
    const square = term.square(c, v, u, s);
    sum += term.spread(c, v, u, s) + square * distance * distance;
    byMean[i] = (byMean[i] as number) + 2 * weight * square * distance;
  }
  addSlopes(term.own, weight, c, own, other, gap, bySpread[side]);
  addSlopes(term.other, weight, c, own, other, gap, bySpread[1 - side] as Float64Array);
  return weight * sum;
}

function varianceSum(c: number, v: number, u: number): number {
  return (1 - c) * u + c * v;
}

function addSlopes(
  slopes: Slopes,
  weight: number,
  c: number,
  own: Float64Array,
  other: Float64Array,
  gap: Float64Array,
  out: Float64Array,
): void {
  const d = gap.length;
  const squared = slopes.squared(c);
  const crossed = slopes.crossed(c);
  const step = out.length > d ? d : 0;
  const all: Slope[] = [];
  for (let i = 0; i < d; i++) {
    const v = own[i] as number;
    const u = other[i] as number;
    const slope = slopes.of(c, v, u, varianceSum(c, v, u));
    const at = step * i + i;
    out[at] = (out[at] as number) + weight * slope.spread;
    all.push(slope);
  }
  for (let i = 0; i < d; i++) {
    const { first, second } = all[i] as Slope;
    const scale = weight * (gap[i] as number);
    const end = step > 0 ? d : i + 1;
    for (let j = step > 0 ? 0 : i; j < end; j++) {
      const slope = all[j] as Slope;
      const ofGaps = squared * first * slope.first + crossed * (first * slope.second + second * slope.first);
      const at = step * i + j;
      out[at] = (out[at] as number) + scale * (gap[j] as number) * ofGaps;
    }
  }
}

class Divergence implements GaussianDivergence {
  readonly #term: Term;
  readonly #orders: readonly Order[];
  readonly #floor: number;

  constructor(
    readonly name: string,
    term: Term,
    orders: readonly Order[],
    floor: number,
  ) {
    this.#term = term;
    this.#orders = orders;
    this.#floor = floor;
  }

  value(p: Gaussian, q: Gaussian): number {
    return this.#evaluate(p, q).value;
  }

  valueAndGrad<P extends Gaussian, Q extends Gaussian>(p: P, q: Q): DivergenceAndGradients<P, Q> {
    const { value, parameters, byMean, bySpread } = this.#evaluate(p, q);
    const gradients = parameters.map(({ mean, spread, form }, side) => {
      const ofMean = inFormOf(mean, byMean[side as 0 | 1]);
      const ofSpread = inFormOf(spread, bySpread[side as 0 | 1]);
      if (ofMean === undefined || ofSpread === undefined) throw overflow();
      return { mean: ofMean, [form]: ofSpread };
    });
    return { value, gradients: gradients as unknown as DivergenceAndGradients<P, Q>['gradients'] };
  }

  #evaluate(p: Gaussian, q: Gaussian) {
    const parameters = [readGaussian('p', p, this.#floor), readGaussian('q', q, this.#floor)] as const;
    checkAlike(...parameters, q);
    const isFull = parameters[0].form === 'covariance';
    const results = isFull ? this.#ofCovariances(...parameters) : this.#ofVariances(...parameters);
    if (!Number.isFinite(results.value)) throw overflow();
    return { ...results, parameters };
  }

  #ofVariances(p: Parameters, q: Parameters) {
    const [n, d] = p.mean.shape;
    const byMean = new Float64Array(n * d);
    const bySpread = [new Float64Array(n * d), new Float64Array(n * d)] as const;
    const gap = p.mean.data.map((mean, i) => mean - (q.mean.data[i] as number));
    let value = 0;
    for (let at = 0; at < n * d; at += d) {
      const row = (numbers: Float64Array) => numbers.subarray(at, at + d);
      value += evaluate(this.#term, this.#orders, {
        gap: row(gap),
        variances: [row(p.values), row(q.values)],
        byMean: row(byMean),
        bySpread: [row(bySpread[0]), row(bySpread[1])],
      });
    }
    const mean = byMean.map((slope) => slope / n);
    const slopes = [p, q].map((of, side) => throughForm(of, bySpread[side as 0 | 1], n, this.#floor));
    return { value: value / n, byMean: [mean, mean.map((slope) => -slope)], bySpread: slopes };
  }

  /** A S_p A' = I and A S_q A' = diag(variances), so that derivatives by S are A' (derivatives there) A. */
  #ofCovariances(p: Parameters, q: Parameters) {
    const d = p.mean.shape[1];
    const a = invertLower(p.values, d);
    const b = multiply(a, q.values, d);
    rotateRows(a, b, d);
    const gap = apply(
      a,
      p.mean.data.map((mean, i) => mean - (q.mean.data[i] as number)),
    );
    const pair: Pair = {
      gap,
      variances: [gap.map(() => 1), gap.map((_, i) => dot(b, i, i, d))],
      byMean: new Float64Array(d),
      bySpread: [new Float64Array(d * d), new Float64Array(d * d)],
    };
    const value = evaluate(this.#term, this.#orders, pair);
    const back = transpose(a, d);
    const mean = apply(back, pair.byMean);
    const bySpread = pair.bySpread.map((slopes) => multiply(multiply(back, slopes, d), a, d));
    return { value, byMean: [mean, mean.map((slope) => -slope)], bySpread };
  }
}

/** The mean over n rows of derivatives by variances, as derivatives by what the caller gave. */
function throughForm({ form, spread, values }: Parameters, slopes: Float64Array, n: number, floor: number) {
  return slopes.map((slope, i) => {
    const given = form === 'variance' ? (spread.data[i] as number) : Math.exp(spread.data[i] as number);
    if (given < floor) return 0;
    return (slope * (form === 'variance' ? 1 : (values[i] as number))) / n;
  });
}

function checkAlike(p: Parameters, q: Parameters, given: unknown): void {
  const isFull = p.form === 'covariance';
  if (isFull !== (q.form === 'covariance')) {
    const expected = isFull ? 'a covariance, as p has' : 'variances, as p has';
    throw invalidType('q', expected, describe(given), 'variances are the diagonal of a covariance');
  }
  if (p.mean.shape.join() === q.mean.shape.join()) return;
  throw outOfRange('q.mean', `${p.mean.shape.join(' x ')} numbers, as p.mean has`, q.mean.shape.join(' x '));
}

function overflow(): RangeError {
  const remedy = 'use Float64Array, or variances and means of a common scale';
  return outOfRange('p and q', 'a divergence and gradients that are finite numbers', 'an overflow', remedy);
}
