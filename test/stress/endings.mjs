// Processes that end in the middle of native work: each ends with the code that it asked for, none by a signal.
import { spawn } from 'node:child_process';
import { COUNT, SEED, done, pick, random } from './shared.mjs';

const work = JSON.stringify(new URL('./work.mjs', import.meta.url).href);
const ways = {
  'process.exit(7)': 7,
  'throw new Error("on purpose")': 1,
  'Promise.reject(new Error("on purpose"))': 1,
  'process.exitCode = 5; process.kill = () => {}; clearInterval(timer); stopped = true': 5,
};
function run(way, milliseconds, seed) {
  const program = `
    const { asynchronous, synchronous } = await import(${work});
    let stopped = false;
    const timer = setInterval(() => { if (!stopped) asynchronous(); }, 1);
    for (let i = 0; i < 8; i++) asynchronous();
    synchronous();
    setTimeout(() => { ${way} }, ${milliseconds});`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program, 'endings', '0', String(seed)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += text));
    const patience = setTimeout(() => child.kill('SIGABRT'), 60_000);
    child.once('exit', (code, signal) => {
      clearTimeout(patience);
      resolve({ code, signal, stderr });
    });
  });
}
for (let i = 0; i < COUNT; i++) {
  const way = pick(Object.keys(ways));
  const { code, signal, stderr } = await run(way, Math.floor(random() * 80), SEED + i);
  if (code !== ways[way] || signal !== null)
    throw new Error(`seed ${SEED}, ending ${i}: ${way} ended with ${code ?? signal}: ${stderr}`);
}
done(`${COUNT} processes ended in the middle of their work`);
