/** Contestants of a row: genmi, and each peer that can do the work. */
import { Affinity, config, mmd, Samples } from 'genmi';
import { adam, Network, train } from 'genmi/networks';
import type { Answer } from '../kernels/contestants.js';
import type { Peer } from '../peers.js';
import { folder, makeFactors, makeOrders, readData, SEED, writeParameters } from './inputs.js';
import type { Peers } from './peers.js';
import {
  LEARNING_RATE,
  NEIGHBOUR,
  type NeighboursWork,
  PEAK,
  type PredictionWork,
  PRODUCTS,
  type ProductWork,
  project,
  type Row,
  type TrainingWork,
  VAT,
} from './rows.js';

export interface Outcome {
  /** Seconds of the unit of the row. */
  readonly seconds: number;
  /** Limits of the machine have no answer to compare. */
  readonly answers?: readonly Answer[];
}

/** Does the work of a row once. */
export type Contestant = () => Promise<Outcome>;
export type Contestants = Readonly<Record<string, Contestant>>;

/** A row that is ready to be measured. */
export interface Entry {
  readonly contestants: Contestants;
  close(): void;
}

/** @param threads the threads of each contestant */
export async function enter(row: Row, peers: Peers, threads: number): Promise<Entry> {
  config({ threads });
  const { work } = row;
  if (work.family === 'training') return enterTraining(row.name, work, peers, threads);
  if (work.family === 'prediction') return enterPrediction(row.name, work, peers, threads);
  if (work.family === 'product') return enterProduct(work, peers, threads);
  return enterNeighbours(work, peers, threads);
}

/** Makes a network whose numbers the peers read from files. */
function makeNetwork(row: string, { data: { d }, hidden, k }: TrainingWork | PredictionWork) {
  const layers = hidden.map((width) => ({ width, activation: 'relu' as const }));
  const network = Network.dense({ inputs: d, layers, outputs: k, seed: SEED });
  return { network, description: { sizes: [d, ...hidden, k], layers: writeParameters(network, row) } };
}

async function enterTraining(row: string, work: TrainingWork, peers: Peers, threads: number): Promise<Entry> {
  const { data, batch, epochs, vat, unit } = work;
  const { file, x } = readData(data);
  const samples = new Samples(x); // as the peers make their tensors, before they are timed
  const affinity = Affinity.kernel(samples, { kernel: 'linear', storage: 'features' });
  const { network, description } = makeNetwork(row, work);
  const initial = network.parameters();
  const units = unit === 'epoch' ? epochs : epochs * Math.ceil(data.n / batch);
  const genmi: Contestant = async () => {
    network.load(initial);
    const start = performance.now();
    const { history } = await train(network, {
      data: samples,
      objective: mmd({ mode: 'ova', affinity }),
      epochs,
      batchSize: batch,
      optimizer: adam({ learningRate: LEARNING_RATE, epsilonOf: 'torch' }),
      ...(vat && { vat: VAT }),
      seed: SEED,
      threads,
    });
    const seconds = (performance.now() - start) / 1000 / units;
    const value = history[0]?.objective as number;
    return { seconds, answers: [[value, Math.abs(value)]] };
  };
  const contestants: Record<string, Contestant> = { genmi };
  const { native } = peers;
  if (native) {
    const order = await makeOrders(work, native);
    const command = { data: { ...data, file }, ...description, order, batch, epochs };
    const options = { family: 'training', rate: LEARNING_RATE, vat: vat ? VAT : null };
    Object.assign(contestants, await contestantsOf(await peers.torch(threads), { ...command, ...options }, units));
    if (!vat) Object.assign(contestants, await contestantsOf(await peers.tfjs(threads), command, units));
  }
  return {
    contestants,
    close: () => {
      network.dispose();
      affinity.dispose();
    },
  };
}

async function enterPrediction(row: string, work: PredictionWork, peers: Peers, threads: number): Promise<Entry> {
  const { file, x } = readData(work.data);
  const { network, description } = makeNetwork(row, work);
  const genmi = timed(() => network.predict(x));
  const command = { family: 'prediction', data: { ...work.data, file }, ...description };
  const contestants = { genmi, ...(await contestantsOf(await peers.torch(threads), command)) };
  return { contestants, close: () => network.dispose() };
}

async function enterNeighbours({ data }: NeighboursWork, peers: Peers, threads: number): Promise<Entry> {
  const { native } = peers;
  if (!native) return { contestants: {}, close: () => {} };
  const { file } = readData(data);
  const genmi = nativeContestant(native, `neighbours ${data.n} ${data.d} ${file} ${NEIGHBOUR} ${threads}`);
  const command = { family: 'neighbours', data: { ...data, file }, neighbour: NEIGHBOUR };
  const contestants = {
    genmi,
    ...(await contestantsOf(await peers.sklearn(threads), command)),
    ...(await contestantsOf(await peers.torch(threads), command)),
  };
  return { contestants, close: () => {} };
}

async function enterProduct(work: ProductWork, peers: Peers, threads: number): Promise<Entry> {
  const { n, d, h } = work;
  const { native } = peers;
  if (!native) return { contestants: {}, close: () => {} };
  const command = { family: 'product', ...makeFactors(work), n, d, h, count: PRODUCTS };
  const contestants = {
    genmi: nativeContestant(native, `dense ${n} ${d} ${h} ${PRODUCTS} ${threads}`),
    ...(await contestantsOf(await peers.numpy(threads), command, PRODUCTS)),
    ...(await contestantsOf(await peers.torch(threads), command, PRODUCTS)),
    [PEAK]: async () => {
      const { perSecond } = (await native.ask(`peak float32 ${threads} 0.3`)) as { perSecond: number };
      return { seconds: (2 * n * d * h) / perSecond };
    },
  };
  return { contestants, close: () => {} };
}

function nativeContestant(native: Peer, command: string): Contestant {
  return async () => {
    const { seconds, answer } = (await native.ask(command)) as { seconds: number; answer: Answer };
    return { seconds, answers: [answer] };
  };
}

function timed(work: () => ArrayLike<number>): Contestant {
  return async () => {
    const start = performance.now();
    const result = work();
    return { seconds: (performance.now() - start) / 1000, answers: [project(result)] };
  };
}

/** @param units how many units of the row a run of the peer is */
async function contestantsOf(peer: Peer | undefined, command: object, units = 1): Promise<Contestants> {
  if (!peer) return {};
  const names = (await peer.ask(JSON.stringify({ prepare: { inputs: folder, ...command } }))) as string[];
  const run = async (name: string): Promise<Outcome> => {
    const { seconds, answers } = (await peer.ask(JSON.stringify({ run: name }))) as Required<Outcome>;
    return { seconds: seconds / units, answers };
  };
  return Object.fromEntries(names.map((name) => [name, () => run(name)]));
}
