/** Eigenvectors of small symmetric matrices, by Jacobi's rotations. */

const SWEEPS = 30;

/**
 * The eigenvectors of a symmetric matrix, as rows, with their eigenvalues; the largest one first.
 *
 * Cost: O(n^3) for each of a few sweeps.
 */
export function eigenvectors(symmetric: readonly (readonly number[])[]): { value: number; vector: number[] }[] {
  const a = symmetric.map((row) => [...row]);
  const n = a.length;
  const vectors = a.map((_, i) => a.map((_, j) => Number(i === j)));
  for (let sweep = 0; sweep < SWEEPS && !isDiagonal(a); sweep++) {
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, p, q);
  }
  return vectors.map((vector, i) => ({ value: a[i][i], vector })).sort((one, other) => other.value - one.value);
}

/** Whether the entries beside the diagonal are below the rounding of those on it. */
function isDiagonal(a: readonly (readonly number[])[]): boolean {
  const largest = Math.max(...a.map((row, i) => Math.abs(row[i])));
  return a.every((row, i) => row.every((value, j) => i === j || Math.abs(value) <= Number.EPSILON * largest));
}

/** Makes a[p][q] zero by a rotation of the rows and columns p and q. */
function rotate(a: number[][], vectors: number[][], p: number, q: number): void {
  if (a[p][q] === 0) return;
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (const row of a) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
  for (const rows of [a, vectors]) {
    const [first, second] = [rows[p], rows[q]];
    rows[p] = first.map((value, j) => c * value - s * second[j]);
    rows[q] = first.map((value, j) => s * value + c * second[j]);
  }
}
