/** Triangular factors of small symmetric matrices, d x d, row by row. */

/** Where Cholesky's factorisation ends: a pivot that rounding cannot tell from 0, or a negative one. */
export interface BadPivot {
  readonly row: number;
  readonly pivot: number;
}

/** The lower triangle L with S = L L', in O(d^3); or the pivot that shows that S is not positive definite. */
export function cholesky(matrix: Float64Array, d: number): Float64Array | BadPivot {
  const lower = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * d + j] as number;
      for (let l = 0; l < j; l++) sum -= (lower[i * d + l] as number) * (lower[j * d + l] as number);
      if (j < i) {
        lower[i * d + j] = sum / (lower[j * d + j] as number);
      } else {
        if (!(sum > d * Number.EPSILON * (matrix[i * d + i] as number))) return { row: i, pivot: sum };
        lower[i * d + i] = Math.sqrt(sum);
      }
    }
  }
  return lower;
}

/** L^-1 for a lower triangle L. */
export function invertLower(lower: Float64Array, d: number): Float64Array {
  const inverse = new Float64Array(d * d);
  for (let j = 0; j < d; j++) {
    for (let i = j; i < d; i++) {
      let sum = i === j ? 1 : 0;
      for (let l = j; l < i; l++) sum -= (lower[i * d + l] as number) * (inverse[l * d + j] as number);
      inverse[i * d + j] = sum / (lower[i * d + i] as number);
    }
  }
  return inverse;
}

/** A B for two d x d matrices. */
export function multiply(a: Float64Array, b: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let l = 0; l < d; l++) {
      const factor = a[i * d + l] as number;
      for (let j = 0; j < d; j++) out[i * d + j] = (out[i * d + j] as number) + factor * (b[l * d + j] as number);
    }
  return out;
}

/** A' for a d x d matrix. */
export function transpose(matrix: Float64Array, d: number): Float64Array {
  return matrix.map((_, at) => matrix[(at % d) * d + Math.floor(at / d)] as number);
}

/** A x for a d x d matrix. */
export function apply(matrix: Float64Array, x: Float64Array): Float64Array {
  const d = x.length;
  return x.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (matrix[i * d + j] as number) * (x[j] as number);
    return sum;
  });
}

/** Jacobi's method needs about ten sweeps; it is known to converge. */
const MOST_SWEEPS = 60;

/**
 * Rotates the rows of B until they are at right angles to each other, and the rows of A along with them, in place.
 *
 * Small rows keep their digits: this is Jacobi's method on one side (Hestenes, 1958). Cost: about 10 sweeps of O(d^3).
 */
export function rotateRows(a: Float64Array, b: Float64Array, d: number): void {
  const squares = new Float64Array(d);
  let rotated = true;
  for (let sweep = 0; rotated && sweep < MOST_SWEEPS; sweep++) {
    rotated = false;
    for (let i = 0; i < d; i++) squares[i] = dot(b, i, i, d);
    for (let i = 0; i < d; i++)
      for (let j = i + 1; j < d; j++) {
        const first = squares[i] as number;
        const second = squares[j] as number;
        const both = dot(b, i, j, d);
        if (!(Math.abs(both) > d * Number.EPSILON * Math.sqrt(first) * Math.sqrt(second))) continue;
        rotated = true;
        const ratio = (second - first) / (2 * both);
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
        rotate(a, i, j, tangent, d);
        rotate(b, i, j, tangent, d);
        squares[i] = first - tangent * both;
        squares[j] = second + tangent * both;
      }
  }
}

/** The inner product of two rows. */
export function dot(matrix: Float64Array, i: number, j: number, d: number): number {
  let sum = 0;
  for (let l = 0; l < d; l++) sum += (matrix[i * d + l] as number) * (matrix[j * d + l] as number);
  return sum;
}

function rotate(matrix: Float64Array, i: number, j: number, tangent: number, d: number): void {
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = tangent * cosine;
  for (let l = 0; l < d; l++) {
    const x = matrix[i * d + l] as number;
    const y = matrix[j * d + l] as number;
    matrix[i * d + l] = cosine * x - sine * y;
    matrix[j * d + l] = sine * x + cosine * y;
  }
}
