import type { Random } from '../examples/mnist/random.js';

/** Independent normal deviates with mean 0 and variance 1 (Box and Muller). */
export function normals(count: number, random: Random): Float64Array {
  const radius = () => Math.sqrt(-2 * Math.log(1 - random()));
  return Float64Array.from({ length: count }, () => radius() * Math.cos(2 * Math.PI * random()));
}
