// Trainings of random networks, several at once, that are aborted, lose their affinity, or share their network with
// other calls, at random moments. Each ends as its options say, with numbers that are finite; a snapshot goes on to the
// bits of a training that was not stopped.
import { COUNT, chance, checkError, done, genmi, integer, matrix, networks, pick, random, sleep } from './shared.mjs';

const { Affinity } = genmi;
const { Network, adam, rmsprop, sgd, train } = networks;

const K = 3;
const ACTIVATIONS = ['relu', 'tanh', 'identity'];
const layer = () => ({ width: integer(1, 40), activation: pick(ACTIVATIONS), batchNormalization: chance(0.3) });
const layers = (fewest) => Array.from({ length: integer(fewest, 2) }, layer);

/** A network and its training: what two calls of `make` and of `options` give is the same. */
function problem() {
  const [n, d, seed] = [integer(1, 67), integer(1, 20), integer(0, 1000)];
  const precision = pick(['float32', 'float64']);
  const common = { outputs: K, seed, precision };
  const x = pick([
    () => matrix(n, d),
    () => ({ data: Uint8Array.from({ length: n * d }, () => integer(0, 255)), shape: [n, d], scale: 0.01, offset: -1 }),
  ])();
  const features = { data: Float64Array.from(x.data), shape: [n, d] };
  const gram = () => Affinity.kernel(features, { kernel: 'rbf', gamma: 0.1 }).toMatrix();
  const alpha = 0.1 * random();
  const kinds = {
    linear: { make: () => Network.linear({ inputs: d, ...common }), penalty: { l2: alpha, groupLasso: alpha } },
    dense: {
      layers: layers(0),
      make: (all) => Network.dense({ inputs: d, layers: all, ...common }),
      penalty: { l2: alpha },
    },
    lassoNet: {
      layers: layers(1),
      make: (all) => Network.lassoNet({ inputs: d, layers: all, ...common }),
      penalty: { hierarchical: { alpha, m: 1 } },
    },
    kernel: { make: () => Network.kernel({ samples: n, ...common }), data: gram, penalty: { kernel: alpha } },
    table: { make: () => Network.table({ samples: n, ...common }), data: () => undefined },
  };
  const kind = pick(Object.keys(kinds));
  const { layers: all, make, data, penalty } = kinds[kind];
  const learningRate = 0.05 * random();
  const decay = pick(['constant', 'linear']);
  const optimizer = pick([adam, sgd, rmsprop])({ learningRate, decay, ...(chance(0.2) && { clipNorm: 1 }) });
  const vat = () => ({ epsilon: n > 10 && chance(0.3) ? 'neighbours' : random(), xi: 10, power: integer(0, 2) });
  const options = {
    data: data ? data() : x,
    epochs: integer(1, 12),
    optimizer,
    seed,
    ...(chance(0.8) && { batchSize: integer(1, 70) }),
    ...(penalty && chance(0.5) && { penalty }),
    ...(kind !== 'table' && chance(0.3) && { vat: vat() }),
  };
  return { kind, n, features, make: () => make(all), options };
}

/** An objective, and the affinity that it may lose. */
function objective(features) {
  const affinity = pick([
    () => Affinity.kernel(features, { kernel: 'linear', storage: pick(['dense', 'features']) }),
    () => Affinity.distance(features, { metric: 'euclidean' }),
  ])();
  const discrepancy = affinity.kind === 'kernel' ? genmi.mmd : pick([genmi.energy, genmi.wasserstein]);
  const made = discrepancy({ mode: pick(['ova', 'ovo']), affinity });
  const sum = () => genmi.add(made, genmi.scale(genmi.entropy({ of: 'proportions' }), 0.1));
  return { affinity, objective: pick([() => genmi.kl({ mode: 'ova' }), () => made, sum])() };
}

const bits = (network) =>
  Object.values(network.parameters())
    .map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'))
    .join();

const outcomes = { finished: 0, aborted: 0, callback: 0, 'non-finite': 0, busy: 0, disposed: 0 };
function note(error, call) {
  if (error.code === 'ERR_BUSY') outcomes.busy += 1;
  else if (error.code === 'ERR_DISPOSED') outcomes.disposed += 1;
  else checkError(error, call);
}

/** Calls that other parts of a program make while a network is in training. */
async function disturb(network, affinity) {
  await sleep(3 * random());
  const call = pick([
    () => network.predictAsync(),
    () => network.load(network.parameters()),
    () => network.dispose(),
    () => train(network, { objective: genmi.kl({ mode: 'ova' }), epochs: 1 }),
    () => affinity.dispose(),
    () => globalThis.gc?.(),
  ]);
  try {
    await call();
  } catch (error) {
    note(error, 'a call during a training');
  }
}

function check(holds, what, { kind, options }) {
  if (!holds) throw new Error(`${what}: ${kind}, ${JSON.stringify({ ...options, data: undefined })}`);
}

/** Goes on with a stopped training, in another network, and compares it with one that was not stopped. */
async function resume(run, given, made) {
  const [resumed, whole] = [made.make(), made.make()];
  const { stopped } = await train(resumed, { ...given, resume: run.snapshot(), threads: integer(1, 3) });
  const uninterrupted = await train(whole, { ...given, threads: integer(1, 3) });
  check(uninterrupted.stopped === stopped && bits(resumed) === bits(whole), 'other bits after a stop', made);
}

async function one() {
  const made = problem();
  const { affinity, objective: maximised } = objective(made.features);
  const given = { ...made.options, objective: maximised };
  const network = made.make();
  const controller = new AbortController();
  if (chance(0.5)) setTimeout(() => controller.abort(), 20 * random());
  const last = integer(1, 20);
  const callbacks = {
    ...(chance(0.5) && { onEpoch: async ({ epoch }) => sleep(chance(0.2) ? 1 : 0).then(() => epoch < last) }),
    ...(chance(0.5) && {
      onProgress: ({ step, steps }) => check(step >= 0 && step <= steps, 'a step of no epoch', made),
    }),
  };
  const call = train(network, { ...given, ...callbacks, threads: integer(1, 3), signal: controller.signal });
  const others = chance(0.3) ? disturb(network, affinity) : undefined;
  try {
    const run = await call;
    outcomes[run.stopped] += 1;
    await others;
    const finite = (numbers) => numbers.every(Number.isFinite);
    if (!others)
      check(
        Object.values(network.parameters()).every(({ data }) => finite(data)),
        'numbers are lost',
        made,
      );
    const begun = run.stopped === 'callback' || (run.stopped === 'aborted' && run.history.length > 0);
    if (begun && !others) await resume(run, given, made);
  } catch (error) {
    await others;
    note(error, `a training of ${made.kind}`);
  }
  if (chance(0.5)) affinity.dispose();
}

let started = 0;
async function caller() {
  while (started < COUNT) {
    started += 1;
    await one();
  }
}
await Promise.all(Array.from({ length: 6 }, caller));
for (const kind of ['finished', 'aborted', 'callback', 'busy'])
  if (outcomes[kind] === 0) throw new Error(`one-sided outcomes: ${JSON.stringify(outcomes)}`);
done(`${COUNT} trainings: ${JSON.stringify(outcomes)}`);
