/** `genmi/tfjs` on TensorFlow's native engine, where `npm run setup` could install it. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeEngine, type TensorFlow } from './support/tfjs.js';

const folder = fileURLToPath(new URL('../engines/tfjs-node', import.meta.url));
const marker = `${folder}/node_modules/.genmi-engine.json`;
const setup = existsSync(marker)
  ? (JSON.parse(readFileSync(marker, 'utf8')) as { engine: string; reason?: string })
  : { engine: 'none', reason: '`npm run setup` did not run' };

if (setup.engine === 'tfjs-node') {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  describeEngine('tensorflow', async () => createRequire(import.meta.url)(folder) as TensorFlow);
} else if (process.env.CI === 'true') {
  it('is installed where nobody reads what was skipped', () => expect.fail(`${setup.reason}`));
} else {
  describe.skip(`tfjs-node is not installed here: ${setup.reason}`, () => it('is not tested', () => {}));
}
