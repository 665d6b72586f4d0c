/** Works that go on side by side, and wait for each other after each piece: results do not depend on their speed. */

interface Waiting<Piece> {
  readonly piece: Piece;
  readonly goOn: () => void;
  readonly fail: (error: unknown) => void;
}

export class Lockstep<Piece> {
  #works: number;
  readonly #afterPieces: (pieces: readonly Piece[]) => Promise<void>;
  #waiting: Waiting<Piece>[] = [];

  /**
   * @param works the number of works
   * @param afterPieces is called with one piece of each work, in the order of their ends, while all works wait
   */
  constructor(works: number, afterPieces: (pieces: readonly Piece[]) => Promise<void>) {
    this.#works = works;
    this.#afterPieces = afterPieces;
  }

  /** Waits until each work has ended its piece, and for `afterPieces`. @throws what `afterPieces` rejects with */
  ended(piece: Piece): Promise<void> {
    return new Promise((goOn, fail) => {
      this.#waiting.push({ piece, goOn, fail });
      this.#goOnWhereAllWait();
    });
  }

  /** One work less: the others no longer wait for it. */
  leave(): void {
    this.#works -= 1;
    this.#goOnWhereAllWait();
  }

  #goOnWhereAllWait(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0 || waiting.length < this.#works) return;
    this.#waiting = [];
    this.#afterPieces(waiting.map(({ piece }) => piece)).then(
      () => {
        for (const { goOn } of waiting) goOn();
      },
      (error) => {
        for (const { fail } of waiting) fail(error);
      },
    );
  }
}

/** Lets a number of works run at a time; the others wait, in the order of their calls. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
