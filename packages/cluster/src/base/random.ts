/** Seeded random numbers, the same on every machine: the only source of chance in this package. */

/** The generator xoshiro128**, with its state filled by splitmix32 from a seed and a stream. */
export class Random {
  readonly #state = new Uint32Array(4);

  /**
   * @param seed any safe integer
   * @param stream which of the seed's generators, an integer >= 0: one for each restart, for example
   */
  constructor(seed: number, stream = 0) {
    let z = 0;
    for (const word of [seed, Math.floor(seed / 2 ** 32), stream]) z = mix((z ^ word) + 0x9e3779b9);
    for (let i = 0; i < 4; i++) {
      z += 0x9e3779b9;
      this.#state[i] = mix(z);
    }
  }

  #bits(): number {
    const s = this.#state;
    const scrambled = Math.imul(s[1], 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  /** A uniform number in [0, 1), a multiple of 2^-53. */
  uniform(): number {
    const high = this.#bits() >>> 5;
    return (high * 2 ** 26 + (this.#bits() >>> 6)) / 2 ** 53;
  }

  /** A uniform integer in [0, n). */
  below(n: number): number {
    return Math.floor(n * this.uniform());
  }

  /** A normal number with mean 0 and variance 1 (Box and Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** The numbers 0 to n - 1 in random order (Fisher and Yates); the first `count` of them where it is given. */
  permutation(n: number, count = n): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < count; i++) {
      const j = i + this.below(n - i);
      const drawn = order[j];
      order[j] = order[i];
      order[i] = drawn;
    }
    return order.subarray(0, count);
  }
}

/** The bits of an integer, mixed so that each depends on all: a bijection of 32 bits. */
function mix(z: number): number {
  let t = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  t = Math.imul(t ^ (t >>> 15), 0x735a2d97);
  return t ^ (t >>> 15);
}
