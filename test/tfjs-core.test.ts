/** `genmi/tfjs` with tfjs-core alone: no chained operations, no layers. */
import { createRequire } from 'node:module';
import type * as tfjsCore from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { kl, scale } from '../src/index.js';
import { geminiLoss, rowIndices } from '../src/tfjs/index.js';
import { expectClose, expectNumber } from './support/compare.js';
import { expectError, thrownBy } from './support/errors.js';
import { toFloat32 } from './support/matrices.js';
import { gaussian, random } from './support/random.js';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-core') as typeof tfjsCore;

beforeAll(async () => {
  tf.env().set('PROD', true);
  require('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
});

it('has no chained operations here', () => {
  expect((tf.scalar(1) as unknown as { mul?: unknown }).mul).toBeUndefined();
});

it('gives value and gradient', () => {
  const logits = toFloat32(gaussian(random(1), 6, 3));
  const objective = kl({ mode: 'ovo' });
  const loss = geminiLoss(tf, objective, { from: 'logits' });
  const { value, gradient } = objective.valueAndGrad(logits, { from: 'logits' });
  const tensor = tf.tensor2d(logits.data, [6, 3]);
  // Only our own gradient is registered here: the factor comes from above, as dy.
  const taped = tf.valueAndGrad((t: tfjsCore.Tensor) => loss(t as tfjsCore.Tensor2D))(tensor, tf.scalar(3));
  expectNumber(taped.value.dataSync()[0] as number, -value, 1e-6);
  expectClose(
    taped.grad.dataSync(),
    gradient.data.map((g) => -3 * g),
    1e-6,
  );
  expectNumber(loss(tensor).dataSync()[0] as number, -value, 1e-6);
});

it('lets an optimizer minimise, without leaving tensors behind', () => {
  const loss = geminiLoss(tf, kl({ mode: 'ova' }), { from: 'logits' });
  const variable = tf.variable(tf.tensor2d(toFloat32(gaussian(random(2), 6, 3)).data, [6, 3]));
  const optimizer = tf.train.sgd(1);
  const step = () => optimizer.minimize(() => loss(variable as tfjsCore.Tensor2D));
  const now = () => tf.tidy(() => loss(variable as tfjsCore.Tensor2D).dataSync()[0] as number);
  step();
  const [before, tensors] = [now(), tf.memory().numTensors];
  for (let i = 0; i < 50; i++) step();
  expect(now()).toBeLessThan(before);
  expect(tf.memory().numTensors).toBe(tensors);
});

it('makes row indices, and reads them', () => {
  const logits = tf.tensor2d(toFloat32(gaussian(random(3), 4, 2)).data, [4, 2]);
  const { forFit } = geminiLoss(tf, kl({ mode: 'ova' }), { from: 'logits' });
  expect(forFit(rowIndices(tf, 4, 2), logits).dataSync()[0]).toBeLessThan(0);
});

it('refuses a loss or a gradient that float32 cannot hold', () => {
  const logits = tf.tensor2d(toFloat32(gaussian(random(4), 6, 3)).data, [6, 3]);
  const loss = geminiLoss(tf, scale(kl({ mode: 'ova' }), 1e60), { from: 'logits' });
  const error = { code: 'ERR_OUT_OF_RANGE', argument: 'predictions' };
  expectError(
    thrownBy(() => loss(logits)),
    { ...error, expected: 'a finite float32 number', received: 'e+5' },
  );
  const taped = () => tf.valueAndGrad((t: tfjsCore.Tensor) => loss(t as tfjsCore.Tensor2D))(logits);
  expectError(thrownBy(taped), { ...error, received: 'an overflow' });
});
