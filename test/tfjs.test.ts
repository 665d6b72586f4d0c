/** `genmi/tfjs` on the engine that runs everywhere: plain JavaScript. */
import { createRequire } from 'node:module';
import { describeEngine, type TensorFlow } from './support/tfjs.js';

describeEngine('cpu', async () => {
  const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as TensorFlow;
  tf.env().set('PROD', true); // it would advise to install tfjs-node
  await tf.setBackend('cpu');
  return tf;
});
