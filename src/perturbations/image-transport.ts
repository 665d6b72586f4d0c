/** Transport between the masses of images: calls of the core, and what it answers. */
import { runJob } from '../jobs.js';
import { allocate, checkFits } from '../memory.js';
import { type NativeImageTransport, native } from '../native.js';

/** Masses, a row for each channel of each image. */
export interface MassRows {
  readonly data: Float64Array;
  readonly shape: readonly [rows: number, pixels: number];
}

/** Rows of masses a and b, each of the sum 1. */
export interface TransportProblems {
  readonly a: MassRows;
  readonly b: MassRows;
  readonly height: number;
  readonly width: number;
  /** When entropic transport ends; exact transport without. */
  readonly limits?: readonly [tolerance: number, iterations: number] | undefined;
  readonly potentials?: boolean | undefined;
}

/** Bounds on W2^2 of each row, equal where transport is exact; and the potentials of b. */
export interface ImageCosts {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** The potentials of a row of b; empty unless asked for. */
  readonly potentials: (row: number) => Float64Array;
}

/** Costs in float64, float32 and 16 bits, and a kernel in float32. */
const BYTES_FOR_TWO_PIXELS = 18;
/** Planes of entropic transport, whose sides are padded to whole vectors: see `native/perturbations/entropic_transport.h`. */
const PLANES = 18;
const LANES = 15;
/** Numbers of a row before its potentials. */
const NUMBERS = 3;
const remedy = 'take fewer or smaller images at once';

/** The most pixels with mass that a row has. */
function largestSupport({ data, shape: [rows, pixels] }: MassRows): number {
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    let support = 0;
    for (let at = row * pixels; at < (row + 1) * pixels; at++) if ((data[at] as number) > 0) support++;
    largest = Math.max(largest, support);
  }
  return largest;
}

/** Exact transport holds costs and kernels between all pixels with mass, entropic transport planes of numbers. */
function checkMemory({ a, b, height, width, limits }: TransportProblems): void {
  const atOnce = Math.min(a.shape[0], native.settings().threads);
  const plane = 8 * (height + LANES) * (width + LANES);
  if (limits !== undefined)
    checkFits(`Planes of ${height} x ${width} pixels`, PLANES * plane * atOnce, 'take smaller images');
  if (limits !== undefined) return;
  const [sources, targets] = [largestSupport(a), largestSupport(b)];
  const bytes = BYTES_FOR_TWO_PIXELS * sources * targets * atOnce;
  checkFits(`Costs between ${sources} and ${targets} pixels`, bytes, "take smaller images, or the method 'entropic'");
}

/** Memory for distances. */
export const toNumbers = (count: number): Float64Array =>
  allocate(Float64Array, count, () => `${count} distances`, remedy);

function toCall(problems: TransportProblems): NativeImageTransport {
  const { a, b, height, width, limits, potentials = false } = problems;
  checkMemory(problems);
  const count = a.shape[0];
  const length = count * (NUMBERS + (potentials ? height * width : 0));
  const out = toNumbers(length);
  return [a.data, b.data, count, height, width, ...(limits ?? ([null, null] as const)), potentials, out];
}

function toCosts({ a, potentials = false }: TransportProblems, call: NativeImageTransport): ImageCosts {
  const out = call[8];
  const [count, pixels] = a.shape;
  const stride = NUMBERS + (potentials ? pixels : 0);
  const [lower, upper] = [toNumbers(count), toNumbers(count)];
  for (let row = 0; row < count; row++) {
    lower[row] = out[row * stride] as number;
    upper[row] = out[row * stride + 1] as number;
  }
  return { lower, upper, potentials: (row) => out.subarray(row * stride + NUMBERS, (row + 1) * stride) };
}

export function transportImages(problems: TransportProblems): ImageCosts {
  const call = toCall(problems);
  native.transportImages(...call);
  return toCosts(problems, call);
}

export async function transportImagesAsync(problems: TransportProblems, signal?: AbortSignal): Promise<ImageCosts> {
  const call = toCall(problems);
  await runJob({ signal }, (job) => native.transportImagesAsync(...call, job));
  return toCosts(problems, call);
}
