import type { Random } from '../../support/random.js';

/** Maps `[n, inputs]` to `[n, outputs]` by weights `[inputs, outputs]` and a bias. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float64Array;
  readonly bias: Float64Array;
}

/** A perceptron in plain float64, with one hidden layer of rectified linear units: small, and the same on every machine. */
export class Perceptron {
  readonly #hidden: Layer;
  readonly #output: Layer;

  constructor(inputs: number, hidden: number, outputs: number, random: Random) {
    this.#hidden = createLayer(inputs, hidden, random);
    this.#output = createLayer(hidden, outputs, random);
  }

  get parameters(): Float64Array[] {
    return [this.#hidden.weights, this.#hidden.bias, this.#output.weights, this.#output.bias];
  }

  /** Logits of n samples. */
  logits(x: Float64Array, n: number): Float64Array {
    return apply(this.#output, this.#features(x, n), n);
  }

  /** Derivatives with respect to the parameters, in their order, from the derivative with respect to the logits. */
  gradients(x: Float64Array, n: number, logitGradient: Float64Array): Float64Array[] {
    const features = this.#features(x, n);
    const featureGradient = backpropagate(this.#output, logitGradient, n);
    for (let i = 0; i < features.length; i++) if (features[i] === 0) featureGradient[i] = 0;
    return [
      ...layerGradients(this.#hidden, x, featureGradient, n),
      ...layerGradients(this.#output, features, logitGradient, n),
    ];
  }

  #features(x: Float64Array, n: number): Float64Array {
    return apply(this.#hidden, x, n).map((value) => Math.max(0, value));
  }
}

/** Weights and biases uniform in ±1/sqrt(inputs). */
function createLayer(inputs: number, outputs: number, random: Random): Layer {
  const bound = 1 / Math.sqrt(inputs);
  const uniform = (length: number) => Float64Array.from({ length }, () => (2 * random() - 1) * bound);
  return { inputs, outputs, weights: uniform(inputs * outputs), bias: uniform(outputs) };
}

function apply({ inputs, outputs, weights, bias }: Layer, x: Float64Array, n: number): Float64Array {
  const result = new Float64Array(n * outputs);
  for (let i = 0; i < n; i++) {
    const row = result.subarray(i * outputs, (i + 1) * outputs);
    row.set(bias);
    for (let p = 0; p < inputs; p++) addMultiple(row, x[i * inputs + p], weights, p * outputs);
  }
  return result;
}

function layerGradients({ inputs, outputs }: Layer, x: Float64Array, gradient: Float64Array, n: number) {
  const weights = new Float64Array(inputs * outputs);
  const bias = new Float64Array(outputs);
  for (let i = 0; i < n; i++) {
    const row = gradient.subarray(i * outputs, (i + 1) * outputs);
    addMultiple(bias, 1, row, 0);
    for (let p = 0; p < inputs; p++) {
      addMultiple(weights.subarray(p * outputs, (p + 1) * outputs), x[i * inputs + p], row, 0);
    }
  }
  return [weights, bias];
}

/** The derivative with respect to a layer's input, from the derivative with respect to its output. */
function backpropagate({ inputs, outputs, weights }: Layer, gradient: Float64Array, n: number): Float64Array {
  const result = new Float64Array(n * inputs);
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < inputs; p++) {
      let sum = 0;
      for (let o = 0; o < outputs; o++) sum += gradient[i * outputs + o] * weights[p * outputs + o];
      result[i * inputs + p] = sum;
    }
  }
  return result;
}

function addMultiple(target: Float64Array, factor: number, source: Float64Array, offset: number): void {
  if (factor === 0) return; // true of four pixels out of five
  for (let i = 0; i < target.length; i++) target[i] += factor * source[offset + i];
}

const DECAY = [0.9, 0.999];

/** Adam (Kingma and Ba 2015), ascending. */
export class Adam {
  readonly #moments: (readonly [Float64Array, Float64Array])[];
  #step = 0;

  constructor(
    readonly parameters: readonly Float64Array[],
    readonly rate: number,
  ) {
    this.#moments = parameters.map(({ length }) => [new Float64Array(length), new Float64Array(length)]);
  }

  ascend(gradients: readonly Float64Array[]): void {
    this.#step++;
    const [firstScale, secondScale] = DECAY.map((decay) => 1 / (1 - decay ** this.#step));
    for (const [which, parameter] of this.parameters.entries()) {
      const gradient = gradients[which];
      const [first, second] = this.#moments[which];
      for (let i = 0; i < parameter.length; i++) {
        first[i] += (1 - DECAY[0]) * (gradient[i] - first[i]);
        second[i] += (1 - DECAY[1]) * (gradient[i] ** 2 - second[i]);
        parameter[i] += (this.rate * first[i] * firstScale) / (Math.sqrt(second[i] * secondScale) + 1e-8);
      }
    }
  }
}
