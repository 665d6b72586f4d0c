/** A line of the table: the time of a loss as a share of the network's time in a training step. */
import { against, type Column, milliseconds, number } from '../table.js';
import type { State } from '../transport/rows.js';
import type { StepTimes } from './training.js';

/** A loss in one state of the network; times are median seconds. */
export interface Share extends StepTimes {
  readonly objective: string;
  readonly state: State;
  readonly target: number | undefined;
}

export const shareColumns: readonly Column<Share>[] = [
  { title: 'loss', width: 27, text: ({ objective }) => objective },
  { title: 'state', width: 6, text: ({ state }) => state },
  { title: 'entropy', width: 9, text: ({ entropy }) => number(entropy) },
  { title: 'network, ms', width: 12, text: ({ network }) => milliseconds(network) },
  { title: 'loss, ms', width: 9, text: ({ loss }) => milliseconds(loss) },
  {
    title: 'loss, %',
    width: 13,
    text: ({ loss, network, target }) => against((100 * loss) / network, target, 'at most'),
  },
];
