/** Checks of typed arrays of any realm: `instanceof` fails for arrays of a vm context, which test runners use. */

/** The arrays of numbers that genmi takes and returns. */
export type Precision = Float32Array | Float64Array;

const typedArrays = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
const getter = (name: PropertyKey) => Object.getOwnPropertyDescriptor(typedArrays, name)?.get;
const tagOf = getter(Symbol.toStringTag) as (this: unknown) => string | undefined;
const lengthOf = getter('length') as (this: Precision) => number;

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

/** Whether the value is an array of bytes; a Buffer is one. */
export function isUint8(value: unknown): value is Uint8Array {
  return typedArrayName(value) === 'Uint8Array';
}

const { set } = typedArrays;

/**
 * Copies numbers into an array of the caller; false where the array has another length by now, or none.
 *
 * Length and copy are those of the array itself, whatever a subclass makes of them.
 */
export function fill(array: Precision, numbers: Precision): boolean {
  if (lengthOf.call(array) !== numbers.length) return false;
  set.call(array, numbers);
  return true;
}
