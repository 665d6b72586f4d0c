/** `genmi/tfjs` on the WebAssembly engine. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { describeEngine, type TensorFlow } from './support/tfjs.js';

const require = createRequire(import.meta.url);

describeEngine('wasm', async () => {
  const tf = require('@tensorflow/tfjs') as TensorFlow;
  const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm');
  tf.env().set('PROD', true);
  const manifest = require.resolve('@tensorflow/tfjs-backend-wasm/package.json');
  setWasmPaths(path.join(path.dirname(manifest), 'wasm-out', '/'));
  await tf.setBackend('wasm');
  return tf;
});
