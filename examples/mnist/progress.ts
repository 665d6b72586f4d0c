import cliProgress from 'cli-progress';
import type { EpochRecord } from './trainer.js';

/** Shows the progress of the training and the time that is left. */
export interface Progress {
  /** After a step; engines that report epochs alone call `epoch` alone. */
  step(objective: number): void;
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
  let done = 0;
  const show = (epoch: number, objective: number, others = {}) => {
    const elapsed = (performance.now() - started) / 1000;
    const left = formatSeconds((elapsed / done) * (total - done));
    bar.update(done, { epoch, objective: objective.toFixed(3), left, ...others });
  };
  bar.start(total, 0, { epoch: 1, epochs, objective: '-', ari: '-', left: '-' });
  return {
    step(objective) {
      done++;
      show(Math.ceil(done / stepsPerEpoch), objective);
    },
    epoch({ epoch, objective, ari }) {
      done = epoch * stepsPerEpoch;
      show(epoch, objective, { ari: ari.toFixed(3) });
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
