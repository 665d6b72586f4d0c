// Worker threads that are ended, or end themselves, in the middle of native work. The process lives on,
// and computes the same value.
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

if (isMainThread) {
  const { COUNT, SEED, done, genmi, pick, random, sleep } = await import('./shared.mjs');
  const expected = genmi.kl({ mode: 'ova' }).value([
    [0.2, 0.8],
    [0.6, 0.4],
  ]);
  async function one(index) {
    const way = pick(['terminate', 'terminate', 'exit', 'throw']);
    const worker = new Worker(new URL(import.meta.url), {
      argv: ['0', String(SEED + index)],
      workerData: way,
      stderr: true,
    });
    const ended = new Promise((resolve) => worker.once('exit', resolve).once('error', () => {}));
    await new Promise((resolve) => worker.once('message', resolve));
    await sleep(random() * 60);
    if (way === 'terminate') await worker.terminate();
    else worker.postMessage(way);
    await ended;
    if (
      genmi.kl({ mode: 'ova' }).value([
        [0.2, 0.8],
        [0.6, 0.4],
      ]) !== expected
    )
      throw new Error('another value');
  }
  for (let index = 0; index < COUNT; index += 3)
    await Promise.all(Array.from({ length: Math.min(3, COUNT - index) }, (_, k) => one(index + k)));
  done(`${COUNT} workers ended in the middle of their work`);
} else {
  const { asynchronous, synchronous } = await import('./work.mjs');
  parentPort.once('message', (way) => {
    if (way === 'exit') process.exit(3);
    throw new Error('on purpose');
  });
  parentPort.postMessage('working');
  for (;;) {
    for (let i = 0; i < 6; i++) asynchronous();
    if (workerData !== 'terminate') await asynchronous();
    synchronous();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
