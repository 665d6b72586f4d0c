// COUNT calls of each operation, after which resident memory and memory reported to V8 are as before. The calls go in
// rounds, and the best round decides: a leak is in all of them. Needs --expose-gc.
import { COUNT, SEED, done, sleep } from './shared.mjs';
import { failsOnPurpose, operations } from './operations.mjs';

const SAMPLES = 24;
const ROUNDS = 4;
const BYTES_PER_CALL = 24; // less than the smallest block that malloc has
const UNSETTLED = 1.5 * 2 ** 20; // a heap of this size grows and shrinks by this
// These operations time a trial of some milliseconds, or read a file. Fewer calls of them show a leak.
const SLOW = /estimate|info|Dropped/;

async function settle() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await sleep(2);
  }
  const { rss, external } = process.memoryUsage();
  return { rss, external };
}
async function run(name, call, calls) {
  for (let i = 0; i < calls; i++) {
    try {
      const result = call();
      if (typeof result?.then === 'function') await result;
    } catch (error) {
      if (!failsOnPurpose(name)) throw error;
    }
    if (i % 512 === 511) await new Promise((resolve) => setImmediate(resolve));
  }
}

const all = operations(SAMPLES);
for (const [name, call] of Object.entries(all)) {
  const calls = Math.max(20, Math.ceil(COUNT / ROUNDS / (SLOW.test(name) ? 50 : 1)));
  try {
    await run(name, call, Math.min(calls, 2000));
  } catch (error) {
    throw new Error(`seed ${SEED}: ${name} failed: ${error.stack}`);
  }
  let least = { rss: Number.POSITIVE_INFINITY, external: Number.POSITIVE_INFINITY };
  for (let round = 0; round < ROUNDS; round++) {
    const before = await settle();
    await run(name, call, calls);
    const after = await settle();
    least = {
      rss: Math.min(least.rss, after.rss - before.rss),
      external: Math.min(least.external, after.external - before.external),
    };
    if (least.rss <= 0 && least.external <= 0) break;
  }
  const allowed = UNSETTLED + BYTES_PER_CALL * calls;
  if (least.rss > allowed || least.external > allowed)
    throw new Error(
      `seed ${SEED}: ${name} holds ${least.rss} bytes more, ${least.external} of them reported, after each ${calls} calls`,
    );
}
done(`${Object.keys(all).length} operations leave memory as it was after ${COUNT} calls each`);
