/** A line of the table: a loss of genmi/tfjs beside the same loss in operations. */
import { against, type Column, milliseconds } from '../table.js';

/** Median seconds of a value and gradient, until both are read from the engine. */
export interface Figure {
  readonly name: string;
  /** Seconds of the fastest way to write the loss in operations. */
  readonly operations: number;
  readonly genmi: number;
  readonly target?: number;
}

export const figureColumns: readonly Column<Figure>[] = [
  { title: 'loss', width: 24, text: ({ name }) => name },
  { title: 'operations, ms', width: 14, text: ({ operations }) => milliseconds(operations) },
  { title: 'genmi, ms', width: 9, text: ({ genmi }) => milliseconds(genmi) },
  {
    title: 'ratio',
    width: 13,
    text: ({ operations, genmi, target }) => against(operations / genmi, target, 'at least'),
  },
];
