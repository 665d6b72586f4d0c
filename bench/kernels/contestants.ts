/** Contestants: genmi and the peers that compute a row. */
import type { Peer } from '../peers.js';

/** A number that all contestants of a row must find; its error is relative to `scale`. */
export type Answer = readonly [value: number, scale: number];

export interface Contestant {
  /** Computes once. Limits of the machine have no answer to compare. */
  check?(): Promise<readonly Answer[]> | readonly Answer[];
  /** Median seconds of the calls that fit into a time, at least one. */
  time(seconds: number): Promise<number> | number;
}

export type Contestants = Readonly<Record<string, Contestant>>;

/** The contestants that a Python process offers for a row. */
export async function peersOf(peer: Peer, row: object): Promise<Contestants> {
  const names = (await peer.ask(JSON.stringify({ prepare: row }))) as string[];
  const contestant = (name: string): Contestant => ({
    check: async () => (await peer.ask(JSON.stringify({ check: name }))) as Answer[],
    time: async (seconds) => (await peer.ask(JSON.stringify({ time: name, seconds }))) as number,
  });
  return Object.fromEntries(names.map((name) => [name, contestant(name)]));
}

/** Throws unless all answers agree: figures of different answers mean nothing. */
export async function expectAgreement(
  row: string,
  contestants: Contestants,
  tolerancesOf: (contestant: string) => readonly number[],
): Promise<void> {
  const { genmi, ...others } = contestants;
  const expected = (await genmi.check?.()) ?? [];
  for (const [name, contestant] of Object.entries(others)) {
    const found = await contestant.check?.();
    if (found && found.length !== expected.length) throw new Error(`${row}: ${name} answers something else`);
    for (const [i, [value]] of (found ?? []).entries()) {
      const [own, scale] = expected[i];
      if (Math.abs(value - own) <= tolerancesOf(name)[i] * scale) continue;
      throw new Error(`${row}: ${name} finds ${value} where genmi finds ${own} (beside ${scale})`);
    }
  }
}
