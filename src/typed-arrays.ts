/** Checks of typed arrays of any realm: `instanceof` fails for arrays of a vm context, which test runners use. */

/** The arrays of numbers that genmi takes and returns. */
export type Precision = Float32Array | Float64Array;

const { get: tagOf } = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
) as { get: (this: unknown) => string | undefined };

/** The name of a typed array's class, such as `'Float32Array'`; undefined for anything else, also for a DataView. */
export function typedArrayName(value: unknown): string | undefined {
  // This getter reads the array's internal type: a caller can neither override it nor make it throw.
  return tagOf.call(value);
}

export function isFloat32(value: unknown): value is Float32Array {
  return typedArrayName(value) === 'Float32Array';
}

export function isPrecision(value: unknown): value is Precision {
  const name = typedArrayName(value);
  return name === 'Float32Array' || name === 'Float64Array';
}

export function isInt32(value: unknown): value is Int32Array {
  return typedArrayName(value) === 'Int32Array';
}
