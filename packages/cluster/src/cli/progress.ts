/** The progress of a fit on a terminal: a bar with the objective, the clusters and the time that is left. */
import cliProgress from 'cli-progress';
import type { FitOptions } from '../estimators/index.js';

export interface Progress {
  readonly onProgress: NonNullable<FitOptions['onProgress']>;
  stop(): void;
}

/** A bar on the error output, where that is a terminal; else nothing. */
export function createProgress(): Progress {
  if (!process.stderr.isTTY) return { onProgress() {}, stop() {} };
  const format = '{bar} {percentage}% | objective {objective} | {clusters} clusters | {left} left';
  const bar = new cliProgress.SingleBar({ format, barsize: 20, clearOnComplete: true }, cliProgress.Presets.rect);
  const started = performance.now();
  bar.start(1, 0, { objective: '-', clusters: '-', left: '-' });
  return {
    onProgress(done, standing) {
      const elapsed = (performance.now() - started) / 1000;
      const left = done > 0 ? formatSeconds((elapsed / done) * (1 - done)) : '-';
      const found = standing && { objective: standing.objective.toPrecision(5), clusters: standing.clusters };
      bar.update(done, { left, ...found });
    },
    stop: () => bar.stop(),
  };
}

/** A time as '8 s', '1 min 20 s' or '2 h 5 min'. */
function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
