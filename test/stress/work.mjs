// Native work of every kind, synchronous and asynchronous, for programs that end in the middle of it.
import { chance, genmi, integer, matrix, networks, pick, probabilities } from './shared.mjs';

const { Affinity } = genmi;
const { Network, neighborLengths, train } = networks;
const kernel = Affinity.kernel(matrix(150, 4), { kernel: 'rbf' });
const distance = Affinity.distance(matrix(150, 4), { metric: 'sqeuclidean' });
const transport = genmi.wasserstein({ mode: 'ovo', affinity: distance });
const sum = genmi.add(transport, genmi.mmd({ mode: 'ovo', affinity: kernel }), genmi.kl({ mode: 'ovo' }));
const solver = new genmi.TransportSolver(distance);

export const synchronous = () =>
  pick([
    () => sum.valueAndGrad(probabilities(150, 4)),
    () => Affinity.hops(matrix(200, 2), { neighbors: 4 }),
    () => Affinity.kernel(matrix(300, 20), { kernel: 'laplacian' }),
    () => Network.linear({ inputs: 60, outputs: 4 }).predict(matrix(300, 60)),
    () => {
      try {
        sum.value([[Number.NaN]]);
      } catch {}
    },
  ])();

/** Starts work and returns its promise, which never rejects. */
export const asynchronous = () =>
  pick([
    () => transport.valueAsync(probabilities(150, 6)),
    () => sum.valueAndGradAsync(probabilities(150, 4)),
    () =>
      Affinity.kernelAsync(matrix(integer(200, 1200), 60), {
        kernel: 'laplacian',
        storage: 'dense',
        onProgress: () => {},
      }),
    () => Affinity.hopsAsync(matrix(integer(200, 1500), 2), { neighbors: 4 }),
    () => solver.solveManyAsync(probabilities(20, 150), probabilities(20, 150), { plan: chance(0.5) }),
    () => neighborLengths(matrix(integer(200, 1500), 60)),
    () =>
      train(Network.dense({ inputs: 4, layers: [{ width: integer(1, 500) }], outputs: 4 }), {
        data: matrix(150, 4),
        objective: sum,
        epochs: 100,
        batchSize: 50,
        vat: { epsilon: 'neighbours' },
        ...(chance(0.5) && { onEpoch: () => {}, onProgress: () => {} }),
      }),
  ])().catch(() => {});
