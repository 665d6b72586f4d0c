/** The data of the paper's experiments, from fixed seeds: rows and their classes. */

/** The generator mulberry32: uniform numbers in [0, 1). */
function uniforms(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers, by the method of Box and Muller. */
const normals = (uniform) => () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

function drawn(count, sample) {
  const samples = Array.from({ length: count }, (_, i) => sample(i));
  return { x: samples.map(({ x }) => x), classes: samples.map(({ y }) => y) };
}

/** Section 4.2: 5,000 points of three normal densities and one Student density, at the corners of a square. */
export function gaussianStudent({ degrees = 1, seed = 0 } = {}) {
  const uniform = uniforms(seed);
  const normal = normals(uniform);
  const corners = [[5, 5], [5, -5], [-5, 5], [-5, -5]]; // biome-ignore format: a matrix
  return drawn(5000, () => {
    const y = Math.floor(4 * uniform());
    const chi2 = Array.from({ length: degrees }, () => normal() ** 2).reduce((sum, each) => sum + each);
    const spread = y === 3 ? Math.sqrt(degrees / chi2) : 1;
    return { x: corners[y].map((mean) => mean + spread * normal()), y };
  });
}

/** Section 4.1: 100 points around three centres, which are those of scikit-learn's `make_blobs(random_state=0)`. */
export function blobs(seed = 0) {
  const normal = normals(uniforms(seed));
  const centres = [[0.97627008, 4.30378733], [2.05526752, 0.89766366], [-1.52690401, 2.91788226]]; // biome-ignore format: a matrix
  return drawn(100, (i) => ({ x: centres[i % 3].map((centre) => centre + 0.5 * normal()), y: i % 3 }));
}

/** Section 4.3: 500 points on two half circles that reach into each other. */
export function moons(seed = 0) {
  const uniform = uniforms(seed);
  const normal = normals(uniform);
  return drawn(500, () => {
    const y = Number(uniform() < 0.5);
    const side = 2 * y - 1;
    const angle = side * Math.PI * uniform();
    const point = [2 * Math.cos(angle) + side, 2 * Math.sin(angle) - side / 2];
    return { x: point.map((coordinate) => coordinate + 0.05 * normal()), y };
  });
}
