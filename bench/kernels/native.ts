/** Work that the package does not offer by itself, timed by the program of bench/native. */
import type { Peer } from '../peers.js';
import type { Answer, Contestant, Contestants } from './contestants.js';
import { type HopsWork, PEAK, type ProductWork, type QuantileWork, READ_LIMIT, READ_LIMIT_WHOLE } from './rows.js';

interface Measured {
  readonly seconds: number;
  readonly answer: Answer;
}

/** A contestant of a command whose last word is the seconds. */
function contestant(native: Peer, command: string): Contestant {
  const ask = async (seconds: number) => (await native.ask(`${command} ${seconds}`)) as Measured;
  return { check: async () => [(await ask(0)).answer], time: async (seconds) => (await ask(seconds)).seconds };
}

/**
 * The product, and the limits of the machine: the least time to read the kernel's bytes that the product reads, and the least
 * time for as many multiply-adds. The limit of reading is measured on the same number of bytes, so that the same caches hold them.
 */
export async function product({ n, k, precision }: ProductWork, native: Peer, threads: number): Promise<Contestants> {
  const command = `product ${n} ${k} ${precision} ${threads}`;
  const { bytes, read } = (await native.ask(`${command} 0`)) as { bytes: number; read: number };
  const limit = (work: number, unit: string): Contestant => ({
    async time(seconds) {
      const { perSecond } = (await native.ask(`${unit} ${threads} ${seconds}`)) as { perSecond: number };
      return work / perSecond;
    },
  });
  return {
    genmi: contestant(native, command),
    [READ_LIMIT]: limit(read, `read ${read}`),
    ...(read < bytes && { [READ_LIMIT_WHOLE]: limit(bytes, `read ${bytes}`) }),
    [PEAK]: limit(2 * n * n * k, `peak ${precision}`),
  };
}

export function quantile({ n, d, precision }: QuantileWork, native: Peer, threads: number): Contestant {
  return contestant(native, `quantile ${n} ${d} ${precision} ${threads}`);
}

export function hopSearch({ graph, neighbors, n, d }: HopsWork, native: Peer, threads: number): Contestant {
  return contestant(native, `hops ${graph} ${neighbors} ${n} ${d} ${threads}`);
}
