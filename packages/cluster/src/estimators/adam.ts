/** The optimiser Adam, as scikit-learn has it. */

/** Moves parameters against gradients of a loss. Epsilon is added before the correction of biases reaches it. */
export class Adam {
  readonly #parameters: readonly Float64Array[];
  readonly #means: readonly Float64Array[];
  readonly #squares: readonly Float64Array[];
  readonly #learningRate: number;
  #steps = 0;

  /** @param parameters arrays that `step` changes in place */
  constructor(parameters: readonly Float64Array[], learningRate: number) {
    this.#parameters = parameters;
    this.#means = parameters.map(({ length }) => new Float64Array(length));
    this.#squares = parameters.map(({ length }) => new Float64Array(length));
    this.#learningRate = learningRate;
  }

  /** One step: rate_t = rate sqrt(1 - b2^t) / (1 - b1^t), w -= rate_t m / (sqrt v + 1e-8), b1 = .9, b2 = .999. */
  step(gradients: readonly Float64Array[]): void {
    this.#steps += 1;
    const rate = (this.#learningRate * Math.sqrt(1 - 0.999 ** this.#steps)) / (1 - 0.9 ** this.#steps);
    for (const [p, parameter] of this.#parameters.entries()) {
      const [mean, square, gradient] = [this.#means[p], this.#squares[p], gradients[p]];
      for (let e = 0; e < parameter.length; e++) {
        mean[e] = 0.9 * mean[e] + 0.1 * gradient[e];
        square[e] = 0.999 * square[e] + (1 - 0.999) * gradient[e] * gradient[e];
        parameter[e] -= (rate * mean[e]) / (Math.sqrt(square[e]) + 1e-8);
      }
    }
  }
}
