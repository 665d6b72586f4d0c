/** Seeded random numbers, the same on every machine: for the examples, the benchmarks and the tests. */

/** Returns the next uniform number in [0, 1). */
export type Random = () => number;

/**
 * Makes the generator mulberry32.
 *
 * @param seed any integer, which is the first state
 */
export function mulberry32(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Makes one of several unrelated generators of a seed.
 *
 * @param seed any integer
 * @param stream which generator: the examples use one for the weights and one for the shuffles
 */
export function createRandom(seed: number, stream: number): Random {
  return mulberry32(Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b));
}

/** Draws a normal number with mean 0 and variance 1 (Box and Muller). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** Puts the values in random order, in place (Fisher and Yates). */
export function shuffle(values: Int32Array, random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
}
