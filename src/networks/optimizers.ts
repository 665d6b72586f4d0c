/** Optimisers: rules by which networks learn, for `train` and for a loop of your own. */
import { mark, notOurs } from '../copies.js';
import { describe, outOfRange } from '../errors.js';
import { type NativeNetwork, type NativeOptimizer, type NativeOptimizerOptions, native } from '../native.js';
import { checkNumber, checkOptions, oneOf } from '../options.js';
import { type Network, partsOf } from './network.js';

/** Options that all optimisers have. */
export interface OptimizerOptions {
  /** The learning rate, > 0; default 1e-3. */
  learningRate?: number | undefined;
  /** `'linear'`: `train` lowers the learning rate step by step, to 0 after the last one. Default `'constant'`. */
  decay?: 'constant' | 'linear' | undefined;
  /** Shorten gradients with a larger Euclidean norm, of all parameters together, to this one, > 0. Default: never. */
  clipNorm?: number | undefined;
}

/** Options of `adam`. */
export interface AdamOptions extends OptimizerOptions {
  /** The memory of the mean of gradients, in [0, 1); default 0.9. */
  beta1?: number | undefined;
  /** The memory of the mean of squared gradients, in [0, 1); default 0.999. */
  beta2?: number | undefined;
  /** Added to the root of the mean square, > 0; default 1e-8. */
  epsilon?: number | undefined;
  /** Whether epsilon is added before the correction of bias, as in scikit-learn (default), or after it, as in torch. */
  epsilonOf?: 'scikit-learn' | 'torch' | undefined;
}

/** Options of `sgd`. */
export interface SgdOptions extends OptimizerOptions {
  /** Nesterov's momentum, in [0, 1); default 0.9. */
  momentum?: number | undefined;
}

/** Options of `rmsprop`. */
export interface RmspropOptions extends OptimizerOptions {
  /** The memory of the mean of squared gradients, in [0, 1); default 0.99. */
  rho?: number | undefined;
  /** Added to the root of the mean square, > 0; default 1e-8. */
  epsilon?: number | undefined;
}

/** Options of a step in a loop of your own. */
export interface StepOptions {
  /** The learning rate of this step, >= 0; default: the optimiser's. */
  learningRate?: number | undefined;
}

const common = ['learningRate', 'decay', 'clipNorm'] as const;
const BELOW_1 = 1 - Number.EPSILON / 2;

/** @internal The rule behind an argument. Throws where the optimiser is another copy's, or a proxy. */
export let ruleOf: (optimizer: unknown, argument: string) => { rule: NativeOptimizerOptions; linear: boolean };

/** A rule by which networks learn: `adam`, `sgd` and `rmsprop` make them. */
export class Optimizer {
  readonly #rule: NativeOptimizerOptions;
  readonly #linear: boolean;
  /** The moments of each network that `step` has changed. */
  readonly #states = new WeakMap<NativeNetwork, NativeOptimizer>();

  /** @internal Use `adam`, `sgd` or `rmsprop`. */
  constructor(rule: NativeOptimizerOptions, linear: boolean) {
    this.#rule = rule;
    this.#linear = linear;
  }

  static {
    mark(Optimizer.prototype, 'Optimizer');
    ruleOf = (optimizer, argument) => {
      const own = Optimizer.#own(optimizer, argument);
      return { rule: own.#rule, linear: own.#linear };
    };
  }

  static #own(optimizer: unknown, argument: string): Optimizer {
    if (typeof optimizer === 'object' && optimizer !== null && #rule in optimizer) return optimizer;
    throw notOurs(argument, 'Optimizer', optimizer, Optimizer.prototype);
  }

  /** The rule's name: 'adam', 'sgd' or 'rmsprop'. */
  get name(): 'adam' | 'sgd' | 'rmsprop' {
    return Optimizer.#own(this, 'optimizer').#rule.rule;
  }

  /** The learning rate. */
  get learningRate(): number {
    return Optimizer.#own(this, 'optimizer').#rule.rate;
  }

  /**
   * Takes one step along the gradients of the backward passes since the last step, and clears them.
   *
   * The value whose gradient went into `backward` becomes larger. The optimiser remembers moments for each network;
   * `train` begins with moments of its own.
   *
   * Cost: O(parameters).
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, GenmiError ERR_BUSY, ERR_DISPOSED.
   */
  step(network: Network, options: StepOptions = {}): void {
    const own = Optimizer.#own(this, 'optimizer');
    checkOptions(options, ['learningRate']);
    const { native: target } = partsOf(network, 'network');
    const { rate } = own.#rule;
    if (own.#linear && options.learningRate === undefined) {
      const remedy = 'give the learning rate of each step: step(network, { learningRate })';
      throw outOfRange('decay', "'constant' outside of train()", "'linear'", remedy);
    }
    const share =
      options.learningRate === undefined ? 1 : checkNumber('learningRate', options.learningRate, { min: 0 }) / rate;
    let state = own.#states.get(target);
    if (state === undefined) {
      state = new native.Optimizer(target, own.#rule);
      own.#states.set(target, state);
    }
    state.step(share);
  }
}

function positive(argument: string, value: unknown, absent: number): number {
  const number = checkNumber(argument, value ?? absent);
  if (number > 0) return number;
  throw outOfRange(argument, 'a finite number > 0', describe(number));
}

function memory(argument: string, value: unknown, absent: number): number {
  const number = checkNumber(argument, value ?? absent);
  if (number >= 0 && number <= BELOW_1) return number;
  throw outOfRange(argument, 'a number in [0, 1)', describe(number));
}

function make(options: OptimizerOptions, rule: Partial<NativeOptimizerOptions> & Pick<NativeOptimizerOptions, 'rule'>) {
  const rate = positive('learningRate', options.learningRate, 1e-3);
  const linear = oneOf('decay', options.decay ?? 'constant', ['constant', 'linear']) === 'linear';
  const largestNorm = options.clipNorm === undefined ? 0 : positive('clipNorm', options.clipNorm, 0);
  const none = { first: 0, second: 0, epsilon: 1e-8, correctedEpsilon: false, decay: 0 };
  return new Optimizer({ ...none, ...rule, rate, largestNorm }, linear);
}

/**
 * Adam: steps along the mean gradient, divided by the root of the mean square.
 *
 * Source: Kingma, Ba, "Adam", 2015, section 2.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  checkOptions(options, [...common, 'beta1', 'beta2', 'epsilon', 'epsilonOf']);
  return make(options, {
    rule: 'adam',
    first: memory('beta1', options.beta1, 0.9),
    second: memory('beta2', options.beta2, 0.999),
    epsilon: positive('epsilon', options.epsilon, 1e-8),
    correctedEpsilon: oneOf('epsilonOf', options.epsilonOf ?? 'scikit-learn', ['scikit-learn', 'torch']) === 'torch',
  });
}

/**
 * Stochastic gradient steps with Nesterov's momentum b: u = b u + rate g, and the step b u + rate g.
 *
 * Source: scikit-learn, `SGDOptimizer`.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions(options, [...common, 'momentum']);
  return make(options, { rule: 'sgd', first: memory('momentum', options.momentum, 0.9) });
}

/**
 * RMSprop: steps along the gradient, divided by the root of its mean square.
 *
 * Source: Hinton, "Neural networks for machine learning", 2012, lecture 6e; torch's `RMSprop`.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  checkOptions(options, [...common, 'rho', 'epsilon']);
  return make(options, {
    rule: 'rmsprop',
    second: memory('rho', options.rho, 0.99),
    epsilon: positive('epsilon', options.epsilon, 1e-8),
  });
}
