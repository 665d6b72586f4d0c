import type { Tensor2D, Variable } from '@tensorflow/tfjs';
import { PIXELS } from './digits.js';
import type { TensorFlow } from './engine.js';
import { createRandom, type Random } from './random.js';

const HIDDEN = 1200;
const WEIGHT_STREAM = 0;

/** Maps images `[n, 784]` to logits `[n, K]`. */
export type Model = (images: Tensor2D) => Tensor2D;

/**
 * The MLP of the GEMINI paper: linear 784-1200, ReLU, linear 1200-K. It ends with logits, since the losses of genmi fuse
 * the softmax.
 */
export function createModel(tf: TensorFlow, clusters: number, seed: number): Model {
  const random = createRandom(seed, WEIGHT_STREAM);
  const hidden = createLayer(tf, PIXELS, HIDDEN, random);
  const output = createLayer(tf, HIDDEN, clusters, random);
  return (images) => {
    const features = tf.fused.matMul({ a: images, b: hidden.weights, bias: hidden.bias, activation: 'relu' });
    return tf.fused.matMul({ a: features, b: output.weights, bias: output.bias }) as Tensor2D;
  };
}

/** Weights and biases uniform in ±1/sqrt(inputs). */
function createLayer(
  tf: TensorFlow,
  inputs: number,
  outputs: number,
  random: Random,
): { weights: Variable; bias: Variable } {
  const bound = 1 / Math.sqrt(inputs);
  const uniform = (length: number) => Float32Array.from({ length }, () => (2 * random() - 1) * bound);
  return {
    weights: tf.variable(tf.tensor2d(uniform(inputs * outputs), [inputs, outputs])),
    bias: tf.variable(tf.tensor1d(uniform(outputs))),
  };
}
