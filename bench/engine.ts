import { config } from 'genmi';
import { type Engine, loadEngine } from '../support/engine.js';

/** Loads tfjs-node; it and genmi use this many threads each. */
export async function loadEngineOn(threads: number): Promise<Engine> {
  // TensorFlow reads these once, when it is loaded.
  process.env.TF_NUM_INTRAOP_THREADS = `${threads}`;
  process.env.TF_NUM_INTEROP_THREADS = `${threads}`;
  config({ threads });
  const engine = await loadEngine('tfjs-node');
  if (engine.note) console.log(engine.note);
  return engine;
}
