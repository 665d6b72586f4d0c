/** Sweeps by a queue in a real Redis, of which processes and the server die. It needs `npm run build:cluster`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { execute } from '../../../test/support/processes.js';
import { openQueue } from '../src/sweep/queue.js';
import { temporaryFiles } from './support/files.js';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const penguins = fileURLToPath(new URL('fixtures/data/penguins.csv', import.meta.url));
const write = temporaryFiles();
const folder = path.dirname(write('started', ''));

const isThere = spawnSync('redis-server', ['--version']).status === 0;
if (!isThere && process.env.CI === 'true' && process.platform === 'linux') throw new Error('redis-server is not there');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

function start(command: string, args: string[]) {
  const child = spawn(command, args, { cwd: folder });
  running.add(child);
  const output = { lines: [] as string[], stderr: '' };
  const lines = createInterface(child.stdout);
  lines.on('line', (line) => output.lines.push(line));
  child.stderr.on('data', (text) => {
    output.stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  /** Waits for a line. */
  const said = async (pattern: RegExp) => {
    while (!output.lines.some((line) => pattern.test(line))) await once(lines, 'line');
  };
  return { child, output, ended, said };
}

async function startRedis(port: number) {
  mkdirSync(path.join(folder, 'redis'), { recursive: true });
  const kept = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const redis = start('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', 'redis', ...kept]);
  await redis.said(/Ready to accept connections/);
  return redis;
}

describe.skipIf(!isThere)('genmi-cluster sweep --redis', () => {
  it('stores each result once, though a process is killed and Redis restarts', async () => {
    const port = await freePort();
    const first = await startRedis(port);
    const data = JSON.stringify(penguins);
    write('s.yaml', `data: ${data}\nmodels: [douglas]\nclusters: [3]\nepochs: [6]\nseeds: [0, 1, 2, 3]\n`);
    const sweep = ['sweep', 's.yaml', '--redis', `redis://127.0.0.1:${port}`];
    const producer = start(process.execPath, [main, ...sweep, '--out', 'queued']);
    const worker = () => start(process.execPath, [main, ...sweep, '--worker', '--workers', '1']);

    const killed = worker();
    await killed.said(/^douglas, .*clusters, /);
    killed.child.kill('SIGKILL'); // in the middle of the next fit, which the queue has as begun
    const other = worker();
    await other.said(/^douglas, .*clusters, /);
    first.child.kill('SIGTERM');
    await first.ended;
    const second = await startRedis(port);

    expect(await producer.ended).toBe(0);
    expect(producer.output.stderr).toBe('');
    const ends = producer.output.lines.filter((line) => /^\d\/4 /.test(line));
    expect(ends.map((line) => line.slice(0, 4))).toEqual(['1/4 ', '2/4 ', '3/4 ', '4/4 ']);
    expect(new Set(ends.map((line) => /seed \d/.exec(line)?.[0])).size).toBe(4);
    other.child.kill('SIGINT');
    expect(await other.ended).toBe(0);
    expect(other.output.stderr).toBe('');

    const local = await execute(process.execPath, [main, 'sweep', 's.yaml', '--out', 'local'], { cwd: folder });
    expect(local.code).toBe(0);
    const files = (name: string) => readdirSync(path.join(folder, name)).filter((file) => /^[0-9a-f]{64}/.test(file));
    expect(files('queued').sort()).toEqual(files('local').sort());
    for (const file of files('local')) {
      const [a, b] = ['queued', 'local'].map((name) => JSON.parse(readFileSync(path.join(folder, name, file), 'utf8')));
      expect({ ...a.result, seconds: 0 }).toEqual({ ...b.result, seconds: 0 });
    }
    second.child.kill('SIGTERM');
    await second.ended;
  });
});

describe('a queue that cannot be used', () => {
  it('is refused with a remedy', async () => {
    const port = await freePort();
    const none = () => Promise.reject(Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' }));
    const place = `redis://user:secret@127.0.0.1:${port}`;
    await expect(openQueue(place, [], none)).rejects.toMatchObject({
      code: 'ERR_PEER_NOT_FOUND',
      message: expect.stringMatching(
        /the packages bullmq and ioredis, .*; run `npm install bullmq@6 ioredis@5` beside it/,
      ),
    });
    await expect(openQueue('localhost', [])).rejects.toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
      message: "redis: expected an address as redis://localhost:6379, received 'localhost'",
    });
    const error = await openQueue(place, []).catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ code: 'ERR_REDIS' });
    expect((error as Error).message).toMatch(
      /^redis: expected a server at 127\.0\.0\.1:\d+, received none \(.*ECONNREFUSED/,
    );
    expect((error as Error).message).not.toMatch(/secret/);
  });
});
