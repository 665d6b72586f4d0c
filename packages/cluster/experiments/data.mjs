/** The data of the paper's experiments, from fixed seeds: rows and their classes. */
import { Random } from '../dist/base/random.js';

function drawn(count, sample) {
  const samples = Array.from({ length: count }, (_, i) => sample(i));
  return { x: samples.map(({ x }) => x), classes: samples.map(({ y }) => y) };
}

/** Section 4.2: 5,000 points of three normal densities and one Student density, at the corners of a square. */
export function gaussianStudent({ degrees = 1, seed = 0 } = {}) {
  const random = new Random(seed);
  const corners = [[5, 5], [5, -5], [-5, 5], [-5, -5]]; // biome-ignore format: a matrix
  return drawn(5000, () => {
    const y = random.below(4);
    const chi2 = Array.from({ length: degrees }, () => random.normal() ** 2).reduce((sum, each) => sum + each);
    const spread = y === 3 ? Math.sqrt(degrees / chi2) : 1;
    return { x: corners[y].map((mean) => mean + spread * random.normal()), y };
  });
}

/** Section 4.1: 100 points around three centres, which are those of scikit-learn's `make_blobs(random_state=0)`. */
export function blobs(seed = 0) {
  const random = new Random(seed);
  const centres = [[0.97627008, 4.30378733], [2.05526752, 0.89766366], [-1.52690401, 2.91788226]]; // biome-ignore format: a matrix
  return drawn(100, (i) => ({ x: centres[i % 3].map((centre) => centre + 0.5 * random.normal()), y: i % 3 }));
}

/** Section 4.3: 500 points on two half circles that reach into each other. */
export function moons(seed = 0) {
  const random = new Random(seed);
  return drawn(500, () => {
    const y = random.below(2);
    const side = 2 * y - 1;
    const angle = side * Math.PI * random.uniform();
    const point = [2 * Math.cos(angle) + side, 2 * Math.sin(angle) - side / 2];
    return { x: point.map((coordinate) => coordinate + 0.05 * random.normal()), y };
  });
}
