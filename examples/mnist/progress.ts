import cliProgress from 'cli-progress';
import type { EpochRecord } from './trainer.js';

/** Shows the progress of the training and the time that is left. */
export interface Progress {
  /** Within an epoch, after so many steps of all. */
  step(done: number, objective?: number): void;
  epoch(record: EpochRecord): void;
  stop(): void;
}

/** Makes a bar where the output is a terminal, otherwise a line for each epoch. */
export function createProgress(epochs: number, stepsPerEpoch: number): Progress {
  return process.stdout.isTTY ? createBar(epochs, stepsPerEpoch) : createLines(epochs);
}

function createBar(epochs: number, stepsPerEpoch: number): Progress {
  const format = '{bar} {percentage}% | epoch {epoch}/{epochs} | objective {objective} | ARI {ari} | {left} left';
  const bar = new cliProgress.SingleBar({ format, barsize: 20, stream: process.stdout }, cliProgress.Presets.rect);
  const total = epochs * stepsPerEpoch;
  const started = performance.now();
  const show = (done: number, objective?: number, others = {}) => {
    const elapsed = (performance.now() - started) / 1000;
    const left = done > 0 ? formatSeconds((elapsed / done) * (total - done)) : '-';
    const epoch = Math.max(Math.ceil(done / stepsPerEpoch), 1);
    bar.update(done, { epoch, left, ...(objective !== undefined && { objective: objective.toFixed(3) }), ...others });
  };
  bar.start(total, 0, { epoch: 1, epochs, objective: '-', ari: '-', left: '-' });
  return {
    step: show,
    epoch({ epoch, objective, ari }) {
      show(epoch * stepsPerEpoch, objective, { ari: ari.toFixed(3) });
    },
    stop() {
      bar.stop();
    },
  };
}

function createLines(epochs: number): Progress {
  const started = performance.now();
  return {
    step() {},
    epoch({ epoch, objective, ari }) {
      const elapsed = (performance.now() - started) / 1000;
      const left = formatSeconds((elapsed / epoch) * (epochs - epoch));
      console.log(
        `epoch ${epoch}/${epochs} | objective ${objective.toFixed(3)} | ARI ${ari.toFixed(3)} | ${left} left`,
      );
    },
    stop() {},
  };
}

/** Formats a time as '8 s', '1 min 20 s' or '2 h 5 min'. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
