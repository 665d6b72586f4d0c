/** A typed array that grows at its end. */

type Numbers = Float64Array | Float32Array | Int32Array;

const FIRST_CAPACITY = 64;

export class Growable<T extends Numbers> {
  length = 0;
  #data: T;
  readonly #make: (length: number) => T;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.#data = make(FIRST_CAPACITY);
  }

  push(value: number): void {
    if (this.length === this.#data.length) this.#reserve(this.length + 1);
    this.#data[this.length++] = value;
  }

  append(values: ArrayLike<number>): void {
    this.#reserve(this.length + values.length);
    this.#data.set(values, this.length);
    this.length += values.length;
  }

  fill(value: number, count: number): void {
    this.#reserve(this.length + count);
    this.#data.fill(value, this.length, this.length + count);
    this.length += count;
  }

  at(index: number): number {
    return this.#data[index] as number;
  }

  /** The values, in an array of their number. */
  finish(): T {
    const values = this.#data.slice(0, this.length) as T;
    return values;
  }

  #reserve(length: number): void {
    if (length <= this.#data.length) return;
    const grown = this.#make(Math.max(length, 2 * this.#data.length));
    grown.set(this.#data);
    this.#data = grown;
  }
}
