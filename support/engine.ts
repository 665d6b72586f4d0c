import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';

export type TensorFlow = typeof tfjs;

/** Engines from the fastest to the one that runs everywhere. */
export const engineNames = ['tfjs-node', 'wasm', 'cpu'] as const;
export type EngineName = (typeof engineNames)[number];

export interface Engine {
  readonly tf: TensorFlow;
  readonly name: EngineName;
  /** One sentence for the user if this is another engine than the requested one. */
  readonly note?: string;
}

const require = createRequire(import.meta.url);
const packageFolder = (name: string): string => dirname(require.resolve(`${name}/package.json`));

/**
 * Loads TensorFlow.js with the engine of that name; wasm takes the place of tfjs-node where it cannot be loaded.
 *
 * The engine is found by name at run time: tfjs-node lives in a folder of its own, and only one copy of TensorFlow.js may
 * be in the process.
 */
export async function loadEngine(name: EngineName): Promise<Engine> {
  if (name === 'cpu') return { tf: await loadCpu(), name };
  if (name === 'wasm') return { tf: await loadWasm(), name };
  const loaded = loadNode(join(packageFolder('genmi'), 'engines', 'tfjs-node'));
  if (typeof loaded !== 'string') return { tf: loaded, name };
  const note = `tfjs-node is not available, the wasm engine is used, which is several times slower: ${loaded}`;
  return { tf: await loadWasm(), name: 'wasm', note };
}

/** tfjs-node, or why it is missing. Where its set-up failed it is not tried: it would leave a copy of TensorFlow.js behind. */
function loadNode(folder: string): TensorFlow | string {
  const marker = join(folder, 'node_modules', '.genmi-engine.json');
  const { reason } = existsSync(marker) ? (JSON.parse(readFileSync(marker, 'utf8')) as { reason?: string }) : {};
  if (reason) return reason;
  try {
    return require(folder) as TensorFlow;
  } catch (error) {
    const [firstLine] = error instanceof Error ? error.message.split('\n') : [String(error)];
    return `${firstLine}; "npm run setup" installs it.`;
  }
}

async function loadWasm(): Promise<TensorFlow> {
  const tf = require('@tensorflow/tfjs') as TensorFlow;
  const wasm = require('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(packageFolder('@tensorflow/tfjs-backend-wasm'), 'wasm-out', '/'));
  await tf.setBackend('wasm');
  return tf;
}

async function loadCpu(): Promise<TensorFlow> {
  const tf = require('@tensorflow/tfjs') as TensorFlow;
  tf.env().set('PROD', true); // suppresses the advice to install tfjs-node
  await tf.setBackend('cpu');
  return tf;
}
