/** Passes of native threads over the samples of one fit or prediction. */
import { outOfRange } from '../errors.js';
import type { Matrix } from '../matrix.js';
import { allocate } from '../memory.js';
import { type NativeJob, type NativeSamples, native } from '../native.js';
import type { Sums } from './posterior.js';

/** What a pass found. */
export interface Pass extends Sums {
  /** The sum over the samples of the logarithm of their density. */
  readonly logDensity: number;
  /** The sum of r log r over samples and components. */
  readonly entropy: number;
}

/** Passes over n x d samples, for components with d or d x d numbers of spread. */
export class Passes {
  readonly #samples: NativeSamples;
  readonly #given: Matrix;
  readonly #job: NativeJob;

  constructor(samples: NativeSamples, given: Matrix, job: NativeJob) {
    this.#samples = samples;
    this.#given = given;
    this.#job = job;
  }

  /** The number of samples. */
  get rows(): number {
    return this.#given.shape[0];
  }

  /** Goes over all samples with the parameters of `Densities`; `done` is the share of the job that is done then. */
  async run(parameters: Float64Array, count: number, done: number, given: Float64Array | null = null): Promise<Pass> {
    const d = this.#given.shape[1];
    const squares = parameters.length / count - d - 1;
    const size = count * (1 + d + squares);
    const sums = allocate(Float64Array, size + 2, () => `The sums of ${count} components`, 'lower the truncation');
    const call = [this.#samples, parameters, count, squares === d, given !== null, sums, given, done] as const;
    await native.mixturePass(...call, this.#job);
    if (!sums.every(Number.isFinite)) throw notFinite(this.#given);
    const references = parameters.subarray(0, count * d);
    const [logDensity, entropy] = [sums[size] as number, sums[size + 1] as number];
    return { references, components: sums.subarray(0, size), logDensity, entropy };
  }

  /** Sums with given responsibilities, n x count, about `references`. */
  given(references: Float64Array, count: number, squares: number, responsibilities: Float64Array): Promise<Pass> {
    return this.run(flat(references, count, squares), count, 0, responsibilities);
  }

  /** The mean of all samples, and the sum of squares or products of differences from it; about any point at first. */
  async moments(point: Float64Array, squares: number): Promise<{ mean: Float64Array; products: Float64Array }> {
    const [n, d] = this.#given.shape;
    const about = async (reference: Float64Array) => {
      const { components } = await this.run(flat(reference, 1, squares), 1, 0);
      return {
        mean: reference.map((x, f) => x + (components[1 + f] as number) / n),
        products: components.slice(1 + d),
      };
    };
    const { mean } = await about(point);
    return about(mean);
  }
}

/** Parameters of components about which nothing is known but their means. */
function flat(means: Float64Array, count: number, squares: number): Float64Array {
  const parameters = new Float64Array(means.length + count * (squares + 1));
  parameters.set(means);
  return parameters;
}

function notFinite({ data, shape: [, d] }: Matrix): RangeError {
  const at = data.findIndex((x: number) => !Number.isFinite(x));
  if (at < 0) return outOfRange('x', 'numbers whose squares are finite', 'an overflow', 'divide x by a constant');
  const place = `${data[at]} at row ${Math.floor(at / d)}, column ${at % d}`;
  return outOfRange('x', 'finite numbers', place);
}
