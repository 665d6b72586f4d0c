/** Gaussians as callers write them, read into float64; and results in the caller's form. */
import { describe, invalidType, isArray, outOfRange } from '../errors.js';
import { type Matrix, type MatrixLike, precisionOf, toMatrix } from '../matrix.js';
import { allocate } from '../memory.js';
import type { PrecisionOf } from '../objectives/objective.js';
import { checkOptions } from '../options.js';
import { isPrecision, type Precision } from '../typed-arrays.js';
import { cholesky } from './triangles.js';

/** d numbers, one for each feature. */
export type Vector = Precision | readonly number[];

/** A Gaussian whose features are independent; or n of them, row by row. */
export interface DiagonalGaussian {
  /** The mean: d finite numbers, or n x d. */
  readonly mean: Vector | MatrixLike;
  /** The variances > 0, of the shape of `mean`. */
  readonly variance: Vector | MatrixLike;
}

/** A `DiagonalGaussian` whose variances are given by their logarithms, as encoders of networks give them. */
export interface LogDiagonalGaussian {
  /** The mean: d finite numbers, or n x d. */
  readonly mean: Vector | MatrixLike;
  /** The logarithms of the variances, of the shape of `mean`. */
  readonly logVariance: Vector | MatrixLike;
}

/** A Gaussian with any covariance. */
export interface FullGaussian {
  /** The mean: d finite numbers. */
  readonly mean: Vector;
  /** The covariance, d x d: symmetric and positive definite. Halves that differ by rounding count as their mean. */
  readonly covariance: MatrixLike;
}

/** A Gaussian in any form. */
export type Gaussian = DiagonalGaussian | LogDiagonalGaussian | FullGaussian;

/** The gradient of parameters in their own form: an array or a matrix, in their precision; nested arrays are float64. */
export type GradientOf<Parameters> = Parameters extends Float32Array
  ? Float32Array
  : Parameters extends Float64Array | readonly number[]
    ? Float64Array
    : Parameters extends MatrixLike
      ? Matrix<PrecisionOf<Parameters>>
      : never;

/** The gradients of all parameters of a Gaussian, by their names. */
export type GaussianGradient<G> = { readonly [Name in keyof G]: GradientOf<G[Name]> };

/** Numbers in float64, and the form in which the caller gave them. */
export interface Numbers {
  readonly argument: string;
  readonly data: Float64Array;
  /** A vector counts as one row. */
  readonly shape: readonly [rows: number, columns: number];
  readonly isVector: boolean;
  readonly precision: 'float32' | 'float64';
}

/** A Gaussian, or as many as `mean` has rows, in float64. */
export interface Parameters {
  readonly mean: Numbers;
  /** What the caller gave: variances, their logarithms, or a covariance. */
  readonly spread: Numbers;
  readonly form: 'variance' | 'logVariance' | 'covariance';
  /** The variances, at least the floor; or the triangle L of the covariance L L'. */
  readonly values: Float64Array;
}

const forms = ['variance', 'logVariance', 'covariance'] as const;

/** Reads a Gaussian. Variances below `floor` count as `floor`. */
export function readGaussian(argument: string, gaussian: unknown, floor: number): Parameters {
  checkOptions(gaussian as object, ['mean', ...forms], argument);
  const given = gaussian as Record<(typeof forms)[number] | 'mean', unknown>;
  const named = forms.filter((form) => given[form] !== undefined);
  const [form] = named;
  if (form === undefined || named.length > 1)
    throw invalidType(argument, `a mean, and one of ${forms.join(', ')}`, describe(gaussian));
  const mean = checkFinite(readNumbers(`${argument}.mean`, given.mean));
  const [rows, columns] = mean.shape;
  if (rows === 0 || columns === 0) throw outOfRange(mean.argument, 'at least one number', 'none');
  const spread = checkFinite(readNumbers(`${argument}.${form}`, given[form]));
  if (form === 'covariance') return { mean, spread, form, values: triangleOf(spread, mean) };
  checkShape(spread, mean.shape, mean.isVector, `as ${mean.argument} has`);
  return { mean, spread, form, values: form === 'variance' ? variancesOf(spread, floor) : exponentials(spread, floor) };
}

export function readNumbers(argument: string, value: unknown): Numbers {
  if (isPrecision(value)) {
    const data = copyOf(argument, value);
    return { argument, data, shape: [1, data.length], isVector: true, precision: precisionOf(value) };
  }
  if (isArray(argument, value) && !isArray(`${argument}[0]`, value[0])) {
    const data = copyOf(argument, value);
    return { argument, data, shape: [1, data.length], isVector: true, precision: 'float64' };
  }
  const { data, shape } = toMatrix(argument, value);
  return { argument, data: copyOf(argument, data), shape, isVector: false, precision: precisionOf(data) };
}

function copyOf(argument: string, values: Precision | readonly unknown[]): Float64Array {
  const { length } = values;
  const copy = allocate(Float64Array, length, () => `${argument} of ${length} numbers`, 'take fewer Gaussians at once');
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (typeof value !== 'number') throw invalidType(`${argument}[${i}]`, 'a number', describe(value));
    copy[i] = value;
  }
  return copy;
}

/** Tells the place of a number. */
function at({ shape: [, columns], isVector }: Numbers, i: number): string {
  return isVector ? `at feature ${i}` : `at row ${Math.floor(i / columns)}, column ${i % columns}`;
}

function checkAll(numbers: Numbers, isRight: (x: number) => boolean, expected: string, remedy?: string): Numbers {
  const wrong = numbers.data.findIndex((x) => !isRight(x));
  if (wrong < 0) return numbers;
  throw outOfRange(numbers.argument, expected, `${numbers.data[wrong]} ${at(numbers, wrong)}`, remedy);
}

export const checkFinite = (numbers: Numbers) => checkAll(numbers, Number.isFinite, 'finite numbers');

function checkShape(numbers: Numbers, shape: Numbers['shape'], isVector: boolean, why: string): void {
  const name = (sizes: Numbers['shape'], vector: boolean) => (vector ? `${sizes[1]}` : sizes.join(' x '));
  if (name(numbers.shape, numbers.isVector) === name(shape, isVector)) return;
  const expected = `${name(shape, isVector)} numbers, ${why}`;
  throw outOfRange(numbers.argument, expected, name(numbers.shape, numbers.isVector));
}

function variancesOf(spread: Numbers, floor: number): Float64Array {
  if (floor > 0) checkAll(spread, (x) => x >= 0, 'numbers >= 0');
  else checkAll(spread, (x) => x > 0, 'numbers > 0', 'floor: 1e-6 makes smaller variances count as 1e-6');
  return spread.data.map((x) => Math.max(x, floor));
}

function exponentials(spread: Numbers, floor: number): Float64Array {
  const expected = 'logarithms of variances that float64 holds';
  checkAll(
    spread,
    (x) => Math.exp(x) < Infinity && Math.max(Math.exp(x), floor) > 0,
    expected,
    'take them nearer to 0',
  );
  return spread.data.map((x) => Math.max(Math.exp(x), floor));
}

/** How far halves of a covariance may be apart, of its largest entry. */
const ASYMMETRY = { float32: 1e-3, float64: 1e-7 };

function triangleOf(spread: Numbers, mean: Numbers): Float64Array {
  const { argument, data, precision } = spread;
  const d = mean.shape[1];
  if (!mean.isVector)
    throw outOfRange(mean.argument, `${d} numbers, for one Gaussian with a covariance`, mean.shape.join(' x '));
  checkShape(spread, [d, d], false, `as ${mean.argument} has ${d}`);
  const tolerance = ASYMMETRY[precision] * data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
  const symmetric = data.map((x, e) => {
    const other = data[(e % d) * d + Math.floor(e / d)] as number;
    if (Math.abs(x - other) <= tolerance) return (x + other) / 2;
    throw outOfRange(argument, 'a symmetric matrix', `${x} ${at(spread, e)}, and ${other} on the other side`);
  });
  const lower = cholesky(symmetric, d);
  if (lower instanceof Float64Array) return lower;
  const received = `a pivot of ${lower.pivot} in row ${lower.row}`;
  throw outOfRange(argument, 'a positive definite matrix', received, 'add a small number to its diagonal');
}

/** Results in the form and precision of parameters; undefined where a number does not fit. */
export function inFormOf(
  { shape, isVector, precision }: Numbers,
  results: Float64Array,
): Precision | Matrix | undefined {
  const data = precision === 'float32' ? Float32Array.from(results) : results;
  if (!data.every(Number.isFinite)) return undefined;
  return isVector ? data : { data, shape };
}
