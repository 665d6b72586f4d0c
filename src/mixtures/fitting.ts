/** Variational inference: alternates between passes over the samples and steps of the components. */
import type { Matrix } from '../matrix.js';
import type { Pass, Passes } from './passes.js';
import {
  componentDivergence,
  type Densities,
  densitiesOf,
  type Posterior,
  type Prior,
  posteriorOf,
  sklearnTerms,
} from './posterior.js';
import { familyOf, isFull, priorOf, type Settings } from './settings.js';
import { expectedLogs, logBetas, meanWeights, stickDivergence, sticksOf } from './sticks.js';
import { meansOf, softKMeans } from './start.js';
import { inTurns } from './turns.js';

/** scikit-learn adds it to counts. */
const SKLEARN_COUNT = 10 * Number.EPSILON;

/** The components after a step, and the pass over the samples with them. */
interface Step {
  readonly posterior: Posterior;
  /** E log pi_k. */
  readonly logWeights: Float64Array;
  readonly densities: Densities;
  readonly pass: Pass;
}

/** What a mixture knows after a fit. */
export interface Fit {
  readonly prior: Prior;
  readonly posterior: Posterior;
  /** E log pi_k. */
  readonly logWeights: Float64Array;
  readonly weights: Float64Array;
  /** The responsibilities, summed over the samples. */
  readonly counts: Float64Array;
  /** The parameters of a pass. */
  readonly parameters: Float64Array;
  /** The lower bound after each iteration. */
  readonly history: readonly number[];
  readonly converged: boolean;
}

/** Where a fit starts: samples among which k-means chooses its first centres, or responsibilities, or components. */
export interface Start {
  readonly candidates: Matrix<Float64Array>;
  readonly next: () => number;
  readonly responsibilities: Float64Array | null;
  readonly components: Pick<Step, 'posterior' | 'logWeights'> | undefined;
}

/** One fit, from its samples to the last iteration. */
export class Fitting {
  readonly #settings: Settings;
  readonly #passes: Passes;
  readonly #squares: number;
  readonly #shape: readonly [n: number, d: number];

  constructor(settings: Settings, passes: Passes, shape: readonly [n: number, d: number]) {
    this.#settings = settings;
    this.#passes = passes;
    this.#shape = shape;
    this.#squares = isFull(settings) ? shape[1] ** 2 : shape[1];
  }

  async run(start: Start): Promise<Fit> {
    const { maxIterations, tolerance, compat } = this.#settings;
    const [n, d] = this.#shape;
    const { mean, products } = await this.#passes.moments(start.candidates.data.slice(0, d), this.#squares);
    const prior = priorOf(this.#settings, n, mean, products);
    const { components } = start;
    let step = components
      ? await this.#expect(prior, components.posterior, components.logWeights, 0)
      : await this.#maximise(prior, await this.#firstSums(start, mean), 0);
    const history: number[] = [];
    let converged = false;
    while (history.length < maxIterations && !converged) {
      const after = await this.#maximise(prior, step.pass, (history.length + 1) / (maxIterations + 1));
      const bound = compat ? this.#sklearnBound(after, step.pass) : this.#bound(prior, after);
      converged = Math.abs(bound - (history.at(-1) ?? -Infinity)) < tolerance;
      history.push(bound);
      step = after;
    }
    const { posterior, logWeights, densities, pass } = step;
    const { parameters } = densities;
    const size = pass.components.length / logWeights.length;
    const counts = logWeights.map((_, k) => pass.components[k * size] as number);
    const weights = meanWeights(this.#sticks(posterior), this.#settings.lastStick);
    return { prior, posterior, logWeights, weights, counts, parameters, history, converged };
  }

  async #firstSums({ candidates, next, responsibilities }: Start, mean: Float64Array): Promise<Pass> {
    const { truncation: count } = this.#settings;
    if (!responsibilities) return softKMeans(this.#passes, candidates, count, this.#squares, next);
    const d = mean.length;
    const about = (references: Float64Array) => this.#passes.given(references, count, this.#squares, responsibilities);
    // Sums about the components' own means lose no digits.
    const first = await about(new Float64Array(count * d).map((_, at) => mean[at % d] as number));
    return about(meansOf(first, count));
  }

  #sticks({ counts }: Posterior) {
    return sticksOf(counts, this.#settings.concentration);
  }

  async #maximise(prior: Prior, pass: Pass, done: number): Promise<Step> {
    const { compat, regularization, lastStick } = this.#settings;
    const additions = { count: compat ? SKLEARN_COUNT : 0, variance: regularization };
    const posterior = await inTurns(posteriorOf(familyOf(this.#settings), prior, pass, additions));
    return this.#expect(prior, posterior, expectedLogs(this.#sticks(posterior), lastStick), done);
  }

  async #expect(prior: Prior, posterior: Posterior, logWeights: Float64Array, done: number): Promise<Step> {
    const densities = await inTurns(densitiesOf(posterior, prior, logWeights));
    const pass = await this.#passes.run(densities.parameters, logWeights.length, done);
    return { posterior, logWeights, densities, pass };
  }

  /** The evidence lower bound, which no iteration lowers. */
  #bound(prior: Prior, { posterior, densities, pass }: Step): number {
    const { concentration, lastStick } = this.#settings;
    const ofSticks = stickDivergence(this.#sticks(posterior), concentration, lastStick);
    return pass.logDensity - ofSticks - componentDivergence(posterior, prior, densities);
  }

  /** The bound of scikit-learn: without constants, and with the responsibilities before the step. */
  #sklearnBound({ posterior, densities }: Step, before: Pass): number {
    return logBetas(this.#sticks(posterior)) + sklearnTerms(posterior, densities, this.#shape[1]) - before.entropy;
  }
}
