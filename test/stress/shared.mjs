// Shared by the stress programs: the built package, a seeded generator, random inputs, and a check of errors.
export const genmi = await import(new URL('../../dist/index.js', import.meta.url));
export const networks = await import(new URL('../../dist/networks/index.js', import.meta.url));
export const { native } = await import(new URL('../../dist/native.js', import.meta.url));

const [count, seed] = process.argv.slice(2).map(Number);
export const COUNT = count;
export const SEED = seed;

// mulberry32 (Tommy Ettinger, 2017).
let state = seed;
export function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
export const integer = (from, to) => from + Math.floor(random() * (to - from + 1));
export const pick = (list) => list[integer(0, list.length - 1)];
export const chance = (probability) => random() < probability;
export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function normals(n) {
  return Float64Array.from(
    { length: n },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}
export function matrix(rows, columns, Type = pick([Float32Array, Float64Array])) {
  return { data: Type.from(normals(rows * columns)), shape: [rows, columns] };
}
export function probabilities(rows, columns, Type) {
  const result = matrix(rows, columns, Type);
  for (let i = 0; i < rows; i++) {
    const row = result.data.subarray(i * columns, (i + 1) * columns);
    const powers = Array.from(row, Math.exp);
    const sum = powers.reduce((a, b) => a + b, 0);
    for (let k = 0; k < columns; k++) row[k] = powers[k] / sum;
  }
  return result;
}

const CODES = new Set([
  'ERR_INVALID_ARG_TYPE',
  'ERR_OUT_OF_RANGE',
  'ERR_INFEASIBLE',
  'ERR_BACKEND_UNAVAILABLE',
  'ERR_DISPOSED',
  'ERR_OUT_OF_MEMORY',
  'ERR_UNSUPPORTED',
  'ERR_ABORTED',
  'ERR_BUSY',
]);
/** Throws unless the error is one that genmi makes: of a class of its own or with a code, and with a message. */
export function checkError(error, call) {
  const classOf = { ERR_INVALID_ARG_TYPE: TypeError, ERR_OUT_OF_RANGE: RangeError }[error?.code] ?? genmi.GenmiError;
  if (error instanceof classOf && CODES.has(error.code) && error.message.length > 10) return;
  throw new Error(`seed ${SEED}: ${call} failed with ${error?.stack ?? error}`, { cause: error });
}

/** Ends the program well, and prints its work and seed. */
export function done(what) {
  console.log(`${what}, seed ${SEED}`);
}
