/** The logarithm of the gamma function, and its derivative, to 1e-14 of the larger of 1 and the result. */

/** Beyond it, the asymptotic series have 16 digits. */
const LARGE = 10;

/** The series of Abramowitz and Stegun, 6.1.40 and 6.3.18: Bernoulli numbers B_2k over 2k (2k - 1), and over 2k. */
const OF_LOG_GAMMA = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
const OF_DIGAMMA = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];

function series(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

/** log Gamma(x) for x > 0. */
export function logGamma(x: number): number {
  let [large, product] = [x, 1];
  while (large < LARGE) product *= large++;
  const rest = series(OF_LOG_GAMMA, 1 / (large * large)) / large;
  return (large - 0.5) * Math.log(large) - large + Math.log(2 * Math.PI) / 2 + rest - Math.log(product);
}

/** The derivative of log Gamma(x), for x > 0. */
export function digamma(x: number): number {
  let [large, sum] = [x, 0];
  while (large < LARGE) sum -= 1 / large++;
  const square = 1 / (large * large);
  return sum + Math.log(large) - 0.5 / large - series(OF_DIGAMMA, square) * square;
}
