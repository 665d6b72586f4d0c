/** The Calinski-Harabasz index. */
import type { Labels, MatrixLike } from 'genmi';
import { groupsOfSamples } from '../base/labels.js';
import { readMatrix } from '../base/matrix.js';
import { outOfRange } from '../errors.js';

/**
 * The Calinski-Harabasz index: the variance between clusters over that within them,
 * [B / (K - 1)] / [W / (N - K)] with sums of squares B and W.
 *
 * Cost: O(N d)
 *
 * @param x N x d features, finite
 * @param labels `[N]` cluster of each sample, integers from 0; at least 2 clusters, and at most N - 1
 * @returns >= 0, larger for denser clusters farther apart; 1 where W = 0, as in scikit-learn
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE
 * @see Calinski and Harabasz, Communications in Statistics 3 (1974); scikit-learn's `calinski_harabasz_score`
 */
export function calinskiHarabasz(x: MatrixLike, labels: Labels): number {
  const { data, shape } = readMatrix('x', x);
  const [n, d] = shape;
  const { of, sizes } = groupsOfSamples(labels, n);
  const k = sizes.length;
  if (k < 2 || k >= n) throw outOfRange('labels', `2 to ${n - 1} clusters for ${n} samples`, `${k}`);
  const mean = new Float64Array(d);
  const means = new Float64Array(k * d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      mean[j] += data[i * d + j] / n;
      means[of[i] * d + j] += data[i * d + j] / sizes[of[i]];
    }
  }
  let between = 0;
  for (let c = 0; c < k; c++) for (let j = 0; j < d; j++) between += sizes[c] * (means[c * d + j] - mean[j]) ** 2;
  let within = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) within += (data[i * d + j] - means[of[i] * d + j]) ** 2;
  return within === 0 ? 1 : (between * (n - k)) / (within * (k - 1));
}
