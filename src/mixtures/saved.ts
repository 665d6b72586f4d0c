/** Fitted mixtures as plain objects, and back. */
import { describe, invalidType, isArray, outOfRange } from '../errors.js';
import { checkBoolean, checkNumber, checkOptions } from '../options.js';
import type { Fit } from './fitting.js';
import { densitiesOf, type Posterior, type Prior } from './posterior.js';
import { type DirichletProcessMixtureOptions, familyOf, type Settings, toOptions, toSettings } from './settings.js';
import { atOnce } from './turns.js';

/** A fitted mixture as a plain object, which JSON keeps without loss. */
export interface DirichletProcessMixtureModel {
  /** The kind of the object. */
  readonly model: 'dirichlet-process-mixture';
  /** The version of its form. */
  readonly version: 1;
  /** All options of the mixture. */
  readonly options: DirichletProcessMixtureOptions;
  /** The numbers of the prior and of all components, by their names. */
  readonly numbers: Readonly<Record<string, readonly number[]>>;
  /** The lower bound after each iteration. */
  readonly history: readonly number[];
  /** Whether the fit ended by its tolerance. */
  readonly converged: boolean;
}

/** The numbers of a model, and how many there are of each for T components, d features and as many squares. */
const lengths: Readonly<Record<string, (count: number, d: number, squares: number) => number>> = {
  priorMean: (_, d) => d,
  priorScatter: (_, __, squares) => squares,
  priorMeanPrecision: () => 1,
  priorFreedom: () => 1,
  counts: (count) => count,
  means: (count, d) => count * d,
  meanPrecisions: (count) => count,
  freedoms: (count) => count,
  scatters: (count, _, squares) => count * squares,
  logWeights: (count) => count,
  weights: (count) => count,
  lastCounts: (count) => count,
};

export function modelOf(settings: Settings, fit: Fit): DirichletProcessMixtureModel {
  const { prior, posterior } = fit;
  const numbers = {
    priorMean: prior.mean,
    priorScatter: prior.scatter,
    priorMeanPrecision: [prior.meanPrecision],
    priorFreedom: [prior.freedom],
    counts: posterior.counts,
    means: posterior.means,
    meanPrecisions: posterior.meanPrecisions,
    freedoms: posterior.freedoms,
    scatters: posterior.scatters,
    logWeights: fit.logWeights,
    weights: fit.weights,
    lastCounts: fit.counts,
  };
  return {
    model: 'dirichlet-process-mixture',
    version: 1,
    options: toOptions(settings),
    numbers: Object.fromEntries(Object.entries(numbers).map(([name, all]) => [name, Array.from(all)])),
    history: [...fit.history],
    converged: fit.converged,
  };
}

/** Reads a model, and checks that its numbers fit. */
export function fitOf(model: unknown): { options: DirichletProcessMixtureOptions; fit: Fit } {
  checkOptions(model as object, ['model', 'version', 'options', 'numbers', 'history', 'converged'], 'model');
  const saved = model as Record<keyof DirichletProcessMixtureModel, unknown>;
  if (saved.model !== 'dirichlet-process-mixture')
    throw outOfRange('model.model', "'dirichlet-process-mixture'", describe(saved.model), 'load what save() wrote');
  if (saved.version !== 1) throw outOfRange('model.version', '1', describe(saved.version), 'fit again');
  const options = saved.options as DirichletProcessMixtureOptions;
  const settings = toSettings(options, 'model.options');
  const history = readList('model.history', saved.history);
  if (history.length === 0) throw outOfRange('model.history', 'at least one number', 'none');
  const numbers = readAll(saved.numbers);
  const of = (name: string) => numbers[name] as Float64Array;
  const prior: Prior = {
    mean: of('priorMean'),
    scatter: of('priorScatter'),
    meanPrecision: of('priorMeanPrecision')[0] as number,
    freedom: of('priorFreedom')[0] as number,
  };
  const posterior: Posterior = {
    family: familyOf(settings),
    counts: of('counts'),
    means: of('means'),
    meanPrecisions: of('meanPrecisions'),
    freedoms: of('freedoms'),
    scatters: of('scatters'),
  };
  const logWeights = of('logWeights');
  checkSpread(settings, prior);
  const { parameters } = atOnce(densitiesOf(posterior, prior, logWeights));
  const wrong = parameters.findIndex((number) => !Number.isFinite(number));
  if (wrong >= 0)
    throw outOfRange('model.numbers', 'components of positive spread', 'others', 'load what save() wrote');
  const fit = { prior, posterior, logWeights, parameters, weights: of('weights'), counts: of('lastCounts'), history };
  return { options, fit: { ...fit, converged: checkBoolean('model.converged', saved.converged) } };
}

function readAll(given: unknown): Record<string, Float64Array> {
  const names = Object.keys(lengths);
  checkOptions(given as object, names, 'model.numbers');
  const numbers = Object.fromEntries(
    names.map((name) => {
      const list = readList(`model.numbers.${name}`, (given as Record<string, unknown>)[name]);
      return [name, Float64Array.from(list)];
    }),
  );
  const size = (name: string) => (numbers[name] as Float64Array).length;
  const [count, d, squares] = [size('counts'), size('priorMean'), size('priorScatter')];
  for (const name of names) {
    const length = lengths[name]?.(count, d, squares) as number;
    if (length > 0 && size(name) === length) continue;
    throw outOfRange(`model.numbers.${name}`, `${length} numbers`, `${size(name)}`, 'load what save() wrote');
  }
  return numbers;
}

function checkSpread({ covariance }: Settings, { mean, scatter }: Prior): void {
  const length = covariance === 'full' ? mean.length ** 2 : mean.length;
  if (scatter.length === length) return;
  throw outOfRange('model.numbers.priorScatter', `${length} numbers`, `${scatter.length}`, 'load what save() wrote');
}

function readList(argument: string, list: unknown): number[] {
  if (!isArray(argument, list)) throw invalidType(argument, 'an array of numbers', describe(list));
  return Array.from(list, (number, i) => checkNumber(`${argument}[${i}]`, number));
}
