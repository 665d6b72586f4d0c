/** Those who compute a row. */
import type { Peer } from '../peers.js';

export interface Contestant {
  /** Computes once: numbers that all contestants of a row must agree on, none where there is nothing to compare. */
  check(): Promise<readonly number[]> | readonly number[];
  /** Median seconds of the calls that fit into a time, at least one. */
  time(seconds: number): Promise<number> | number;
}

export type Contestants = Readonly<Record<string, Contestant>>;

/** All that a Python process offers for a row. */
export async function peersOf(peer: Peer, row: object): Promise<Contestants> {
  const names = (await peer.ask(JSON.stringify({ prepare: row }))) as string[];
  const contestant = (name: string): Contestant => ({
    check: async () => (await peer.ask(JSON.stringify({ check: name }))) as number[],
    time: async (seconds) => (await peer.ask(JSON.stringify({ time: name, seconds }))) as number,
  });
  return Object.fromEntries(names.map((name) => [name, contestant(name)]));
}

/** Figures are worth nothing unless the answers are the same. */
export async function expectAgreement(row: string, contestants: Contestants, tolerance: number): Promise<void> {
  const { genmi, ...others } = contestants;
  const expected = await genmi.check();
  for (const [name, contestant] of Object.entries(others)) {
    for (const [i, number] of (await contestant.check()).entries()) {
      if (Math.abs(number - expected[i]) <= tolerance * Math.abs(expected[i])) continue;
      throw new Error(`${row}: ${name} finds ${number} where genmi finds ${expected[i]}`);
    }
  }
}
