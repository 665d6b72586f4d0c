/** A device's backend, through the package genmi-cuda and its plugin. Its kernels are emulated: no GPU has run them. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { binary } from '../src/native.js';
import { root } from './support/dist.js';
import { type Ended, execute } from './support/processes.js';

const supported = process.platform === 'linux' && process.arch === 'x64' && !binary.includes('musl');
const hasCmake = spawnSync('cmake', ['--version']).status === 0;
if (supported && !hasCmake && process.env.CI !== undefined) throw new Error('the emulated plugin needs CMake');

const folder = mkdtempSync(path.join(tmpdir(), 'genmi-device-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A project with genmi, and beside it genmi-cuda with a shared object, unless there is none. */
function install(name: string, sharedObject?: string): string {
  const project = path.join(folder, name);
  const installed = path.join(project, 'node_modules/genmi');
  mkdirSync(installed, { recursive: true });
  for (const each of ['package.json', 'dist'])
    cpSync(path.join(root, each), path.join(installed, each), { recursive: true });
  if (sharedObject === undefined) return project;
  const beside = path.join(project, 'node_modules/genmi-cuda');
  mkdirSync(beside);
  for (const each of ['package.json', 'index.js'])
    copyFileSync(path.join(root, 'packages/cuda', each), path.join(beside, each));
  copyFileSync(sharedObject, path.join(beside, 'genmi_cuda.so'));
  return project;
}

const prelude = `
  import { Affinity, config, info, mi, mmd } from 'genmi';
  function numbers(count, seed) {
    let state = seed;
    return Float64Array.from({ length: count }, () => (state = (state * 48271) % 2147483647) / 2147483647);
  }
  const [n, k] = [70, 5];
  const x = { data: numbers(n * 3, 1), shape: [n, 3] };
  const logits = { data: numbers(n * k, 2).map((z) => 4 * z), shape: [n, k] };
  const options = { from: 'logits' };
  const rbf = (storage) => Affinity.kernel(x, { kernel: 'rbf', storage });
  const caught = async (call) => {
    try { await call(); } catch ({ name, code, message }) { return { name, code, message }; }
  };
  const print = (result) => console.log(JSON.stringify(result));
`;

/** Runs an ES module of a project over this build of the addon. */
function run(project: string, code: string, environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return execute(process.execPath, ['--expose-gc', '--input-type=module', '--eval', prelude + code], {
    cwd: project,
    env: { ...process.env, GENMI_BINARY: binary, ...environment },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
}

/** What the module prints. */
async function result(project: string, code: string, environment: NodeJS.ProcessEnv = {}) {
  const { code: exit, stdout, stderr } = await run(project, code, environment);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return JSON.parse(stdout);
}

const description = 'print(info())';
const choice = 'print(await caught(() => config({ device: "cuda" })) ?? null)';

/** That the CPU computes, for a reason; that 'cuda' is an error, for the same. */
async function expectAbsence(project: string, reason: string | RegExp, environment: NodeJS.ProcessEnv = {}) {
  const { device, deviceReason, deviceMemory } = await result(project, description, environment);
  expect({ device, deviceMemory }).toEqual({ device: 'cpu', deviceMemory: 0 });
  expect(deviceReason).toMatch(reason);
  expect(await result(project, choice, environment)).toEqual({
    name: 'GenmiError',
    code: 'ERR_BACKEND_UNAVAILABLE',
    message: `device: expected a device that CUDA finds, received ${deviceReason}; leave it at 'auto', which computes on the CPU without a device`,
  });
}

describe('without genmi-cuda', () => {
  it('the CPU computes', async () => {
    const reason = supported ? 'the package genmi-cuda is not installed' : 'CUDA needs Linux on x86-64 with glibc';
    await expectAbsence(install('without'), reason);
  });
});

describe.skipIf(!supported || !hasCmake)('genmi-cuda, emulated', () => {
  const report = path.join(folder, 'report');
  let project: string;
  let emulated: string;

  beforeAll(async () => {
    const script = pathToFileURL(path.join(root, 'scripts/gpu/emulated.mjs')).href;
    const { buildEmulated, EMULATED, PLUGIN } = await import(script);
    const [plain] = EMULATED;
    buildEmulated(plain, PLUGIN);
    emulated = path.join(root, plain.folder, 'genmi_cuda.so');
    project = install('with', emulated);
  }, 600_000);

  /** What the module prints, after which the device is left as it was. */
  async function leavesNothing(code: string, failing?: string) {
    rmSync(report, { force: true });
    const printed = await result(project, code, {
      GENMI_EMULATED_REPORT: report,
      ...(failing !== undefined && { GENMI_EMULATED_FAILING: failing }),
    });
    const [left, ...calls] = readFileSync(report, 'utf8').trimEnd().split('\n');
    expect(left).toBe('0 live');
    return { printed, calls };
  }

  it('tells the name of the device', async () => {
    const { printed, calls } = await leavesNothing(description);
    expect(printed).toMatchObject({
      device: 'cuda',
      deviceReason: 'genmi-cuda opened an emulated device',
      deviceMemory: 0,
    });
    expect((await leavesNothing(choice)).printed).toBeNull();
    expect(calls).toEqual([
      'cudaGetDeviceCount',
      'cudaGetDeviceProperties',
      'cudaStreamCreateWithFlags',
      'cudaStreamDestroy',
    ]);
  });

  it('opens no device before it is asked for', async () => {
    const asked = await run(project, '', { GENMI_EMULATED_REPORT: report });
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    rmSync(report, { force: true });
    await run(project, 'config({ device: "cpu" }); rbf("dense").dispose();', { GENMI_EMULATED_REPORT: report });
    expect(existsSync(report), 'the plugin was opened').toBe(false);
  });

  it.each(['float64', 'float32'])('computes the values and gradients of MMD of the CPU in %s', async (precision) => {
    const { printed, calls } = await leavesNothing(`
      const found = [];
      ${precision === 'float32' ? 'x.data = Float32Array.from(x.data);' : ''}
      for (const kernel of ['linear', 'rbf', 'laplacian', 'cosine', 'polynomial'])
        for (const storage of ['dense', 'features'])
          for (const mode of ['ova', 'ovo'])
            for (const rows of [undefined, Int32Array.of(3, 60, 8, 3, 21, 69, 0)]) {
              const own = rows === undefined ? logits
                : { data: logits.data.slice(0, rows.length * k), shape: [rows.length, k] };
              const [device, cpu] = ['cuda', 'cpu'].map((name) => {
                config({ device: name });
                const affinity = Affinity.kernel(x, { kernel, storage, precision: '${precision}' });
                const objective = mmd({ mode, affinity });
                const made = objective.valueAndGrad(own, { ...options, rows });
                return { ...made, objective, affinity };
              });
              config({ device: 'cuda' });
              const later = await device.objective.valueAndGradAsync(own, { ...options, rows });
              const scale = Math.hypot(...cpu.gradient.data);
              const difference = Math.hypot(...cpu.gradient.data.map((each, at) => each - device.gradient.data[at]));
              found.push([
                Math.abs(device.value - cpu.value) / cpu.value,
                difference / scale,
                later.value === device.value && later.gradient.data.every((each, at) => each === device.gradient.data[at]),
              ]);
              device.affinity.dispose();
              cpu.affinity.dispose();
            }
      print(found);`);
    expect(printed).toHaveLength(40);
    const tolerance = precision === 'float64' ? 1e-11 : 2e-6;
    for (const [ofValue, ofGradient, sameBits] of printed) {
      expect(ofValue).toBeLessThan(tolerance);
      expect(ofGradient).toBeLessThan(tolerance);
      expect(sameBits).toBe(true);
    }
    // Stored kernels, and rbf over features: twice in two modes, of all samples and of some; entries of stored kernels.
    expect(calls.filter((call) => call === 'launch')).toHaveLength(8 * 6 + 4 * 5);
  });

  it('makes the distances of the CPU', async () => {
    const { printed, calls } = await leavesNothing(`
      const { wasserstein } = await import('genmi');
      const metrics = ['euclidean', 'sqeuclidean', 'manhattan', 'chebyshev', 'cosine', 'canberra', 'braycurtis'];
      print(metrics.map((metric) => {
        const [device, cpu] = ['cuda', 'cpu'].map((name) => {
          config({ device: name });
          return wasserstein({ mode: 'ova', affinity: Affinity.distance(x, { metric }) }).value(logits, options);
        });
        return Math.abs(device - cpu) / cpu;
      }).concat(info().deviceMemory));`);
    expect(Math.max(...printed)).toBeLessThan(1e-12);
    expect(calls.filter((call) => call === 'launch')).toHaveLength(7);
  });

  it('holds the memory of an affinity until it is disposed of, or collected', async () => {
    const { printed } = await leavesNothing(`
      const held = () => info().deviceMemory;
      const affinity = rbf('dense');
      const bytes = [held()];
      affinity.dispose();
      bytes.push(held());
      (() => rbf('features'))();
      bytes.push(held());
      for (let turn = 0; turn < 3; turn++) { gc(); await new Promise(setImmediate); }
      rbf('dense').dispose();
      bytes.push(held());
      print(bytes);`);
    expect(printed).toEqual([70 * 70 * 8, 0, 70 * 3 * 8, 0]);
  });

  it('leaves an affinity where it is', async () => {
    const { printed, calls } = await leavesNothing(`
      const there = mmd({ mode: 'ova', affinity: rbf('dense') });
      config({ device: 'cpu' });
      const here = mmd({ mode: 'ova', affinity: rbf('dense') });
      print([there, here].map((each) => each.value(logits, options)));`);
    expect(printed[0]).toBeCloseTo(printed[1], 12);
    expect(calls.filter((call) => call === 'launch')).toHaveLength(1);
  });

  const training = `
    const { Network, adam, train } = await import('genmi/networks');
    const trained = async (device, inputs, options = {}) => {
      config({ device });
      const layers = [{ width: 8, activation: 'relu', batchNormalization: true }, { width: 9, activation: 'tanh' }];
      const network = Network.dense({ inputs, layers, outputs: k, seed: 1, precision: 'float64' });
      const data = { data: numbers(n * inputs, 3), shape: [n, inputs] };
      const vat = { weight: 0.5, epsilon: 0.3 };
      const run = await train(network, {
        data, objective: mi(), epochs: 2, batchSize: 40, optimizer: adam({ decay: 'linear' }), vat, seed: 4, ...options,
      });
      const values = [...network.logits(data).data, ...run.history.map((epoch) => epoch.vat)];
      return { values, snapshot: run.snapshot(), held: info().deviceMemory };
    };
    const furthest = (one, other) => Math.max(...one.map((each, at) => Math.abs(each - other[at])));
  `;

  it('trains networks as the CPU does, and keeps none of their memory', async () => {
    const { printed, calls } = await leavesNothing(`
      ${training}
      const cpu = await trained('cpu', 5), cuda = await trained('cuda', 5), again = await trained('cuda', 5);
      const first = await trained('cuda', 5, { onEpoch: ({ epoch }) => epoch < 1 });
      const resumed = await trained('cpu', 5, { resume: first.snapshot });
      print([furthest(cuda.values, cpu.values), furthest(again.values, cuda.values),
        furthest(resumed.values.slice(0, n * k), cpu.values), cuda.held]);`);
    expect(printed[0]).toBeLessThan(1e-9);
    expect(printed[1], 'the same bits').toBe(0);
    expect(printed[2], 'a snapshot goes on anywhere').toBeLessThan(1e-9);
    expect(printed[3]).toBe(0);
    expect(calls.filter((call) => call === 'launch').length).toBeGreaterThan(400);
  });

  it("trains small networks on the CPU where 'auto' chose the device", async () => {
    const { printed, calls } = await leavesNothing(`
      ${training}
      const auto = await trained('auto', 5), cpu = await trained('cpu', 5);
      print(furthest(auto.values, cpu.values));`);
    expect(printed).toBe(0);
    expect(calls).not.toContain('launch');
  });

  it('keeps what a training has learned where a call fails, and says which', async () => {
    const { calls } = await leavesNothing(`${training} await trained('cuda', 5); print(0);`);
    const last = calls.lastIndexOf('launch');
    const { printed } = await leavesNothing(
      `
      ${training}
      const failed = await caught(() => trained('cuda', 5));
      print([failed, (await trained('cpu', 5)).values.every(Number.isFinite)]);`,
      String(last),
    );
    expect(printed).toEqual([
      {
        name: 'GenmiError',
        code: 'ERR_BACKEND_UNAVAILABLE',
        message:
          "device: expected update() to succeed, received cudaErrorLaunchFailure; config({ device: 'cpu' }) computes without the device; the network is as it was when this epoch began",
      },
      true,
    ]);
  });

  it("is each environment's own", async () => {
    const { printed } = await leavesNothing(`
      const { Worker } = await import('node:worker_threads');
      const before = mmd({ mode: 'ova', affinity: rbf('dense') }).value(logits, options);
      const program = \`(async () => {
        const { Affinity, info, mmd } = await import('genmi');
        const { parentPort, workerData: { x, logits } } = await import('node:worker_threads');
        const affinity = Affinity.kernel(x, { kernel: 'rbf', storage: 'dense' });
        const value = await mmd({ mode: 'ova', affinity }).valueAsync(logits, { from: 'logits' });
        parentPort.postMessage([info().device, value]);
      })()\`;
      const workers = [1, 2].map(() => new Worker(program, { eval: true, execArgv: [], workerData: { x, logits } }));
      const { once } = await import('node:events');
      const found = await Promise.all(workers.map(async (each) => (await once(each, 'message'))[0]));
      await Promise.all(workers.map((each) => each.terminate()));
      print(found.map(([device, value]) => device === 'cuda' && value === before));`);
    expect(printed).toEqual([true, true]);
  });

  describe('without room on the device', () => {
    const program = (device: string, bytes: number) => `
      config({ device: '${device}', deviceMemory: ${bytes} });
      const error = await caught(async () => {
        const objective = mmd({ mode: 'ova', affinity: rbf('dense') });
        globalThis.value = await objective.valueAsync(logits, options);
      });
      const reason = info().deviceReason;
      config({ device: 'cpu' });
      const expected = mmd({ mode: 'ova', affinity: rbf('dense') }).value(logits, options);
      print({ error, reason, same: globalThis.value === expected });`;
    const matrix = 70 * 70 * 8;
    // The second has room for the affinity, and none for a product.
    it.each([matrix - 1, matrix])("'auto' leaves the work to the CPU, with %i bytes", async (bytes) => {
      const { printed } = await leavesNothing(program('auto', bytes));
      expect(printed).toEqual({
        reason: 'genmi-cuda opened an emulated device, and the CPU did work that its memory was too small for',
        same: true,
      });
    });
    it.each([matrix - 1, matrix])("'cuda' throws, with %i bytes", async (bytes) => {
      const { printed } = await leavesNothing(program('cuda', bytes));
      expect(printed).toMatchObject({
        error: { name: 'GenmiError', code: 'ERR_OUT_OF_MEMORY' },
        reason: 'genmi-cuda opened an emulated device',
        same: false,
      });
      expect(printed.error.message).toContain('expected cudaMalloc() to succeed, received cudaErrorMemoryAllocation');
    });
    it('has room again without a limit', async () => {
      const { printed } = await leavesNothing(`
        config({ device: 'cuda', deviceMemory: 1 });
        const first = await caught(() => rbf('dense'));
        config({ deviceMemory: 'auto' });
        print([first.code, await caught(() => rbf('dense').dispose()), info().deviceMemory]);`);
      expect(printed).toEqual(['ERR_OUT_OF_MEMORY', null, 0]);
    });
  });

  describe('a call of CUDA that fails', () => {
    const program = `
      const first = info();
      const errors = [];
      let objective;
      errors.push(await caught(() => { objective = mmd({ mode: 'ova', affinity: rbf('dense') }); }));
      errors.push(await caught(() => objective?.value(logits, options)));
      errors.push(await caught(() => objective?.valueAsync(logits, options)));
      print({ ...first, errors: errors.filter(Boolean) });`;

    it('is a GenmiError with its name, and leaves nothing', async () => {
      const { printed: whole, calls } = await leavesNothing(program);
      expect(whole.errors).toEqual([]);
      expect(calls.length).toBeGreaterThan(15);
      const results = await Promise.all(
        calls.map(async (call, at) => {
          const own = path.join(folder, `report-${at}`);
          const printed = await result(project, program, {
            GENMI_EMULATED_FAILING: `${at}:cudaErrorLaunchFailure`,
            GENMI_EMULATED_REPORT: own,
          });
          return { call, printed, left: readFileSync(own, 'utf8').split('\n')[0] };
        }),
      );
      for (const { call, printed, left } of results) {
        expect(left, call).toBe('0 live');
        if (/GetDevice|StreamCreate/.test(call)) {
          expect(printed).toMatchObject({
            device: 'cpu',
            deviceReason: `${call}() answers cudaErrorLaunchFailure`,
            errors: [],
          });
        } else if (/Free|Destroy/.test(call)) expect(printed.errors, call).toEqual([]);
        else
          expect(printed.errors, call).toEqual([
            {
              name: 'GenmiError',
              code: 'ERR_BACKEND_UNAVAILABLE',
              message: `device: expected ${call === 'launch' ? 'multiply_stored' : call}() to succeed, received cudaErrorLaunchFailure; config({ device: 'cpu' }) computes without the device`,
            },
          ]);
      }
    });
  });

  describe('is not used', () => {
    it("where GENMI_DEVICE is 'cpu'", () =>
      expectAbsence(project, "the environment variable GENMI_DEVICE is 'cpu'", { GENMI_DEVICE: 'cpu' }));

    it('without a driver', () =>
      expectAbsence(project, 'cudaGetDeviceCount() answers cudaErrorInsufficientDriver', {
        GENMI_EMULATED_FAILING: '0:cudaErrorInsufficientDriver',
      }));

    it('where its shared object is none', async () => {
      const broken = path.join(folder, 'broken');
      writeFileSync(broken, 'no shared object');
      await expectAbsence(install('broken-object', broken), /genmi_cuda\.so: .*(header|short)/);
    });

    it('where its shared object is not a plugin, or one for another version', async () => {
      for (const [name, source, reason] of [
        ['another-library', 'int another(void) { return 1; }', /undefined symbol: genmi_device_table/],
        [
          'another-version',
          'const void *genmi_device_table(unsigned version) { (void)version; return 0; }',
          'genmi-cuda is made for another version of genmi',
        ],
      ] as const) {
        const file = path.join(folder, `${name}.so`);
        const built = spawnSync('cc', ['-shared', '-fPIC', '-x', 'c', '-', '-o', file], { input: source });
        expect(built.status, String(built.stderr)).toBe(0);
        await expectAbsence(install(name, file), reason);
      }
    });

    it('where its package fails', async () => {
      const failing = install('failing', emulated);
      writeFileSync(path.join(failing, 'node_modules/genmi-cuda/index.js'), "throw new Error('no such thing');");
      await expectAbsence(failing, 'genmi-cuda: no such thing');
    });
  });
});
