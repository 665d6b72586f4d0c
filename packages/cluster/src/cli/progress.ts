/** The progress of fits on a terminal: a bar with the time that is left. */
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
  const bar = createBar(format, { objective: '-', clusters: '-' });
  return {
    onProgress(done, standing) {
      bar.update(done, standing ? { objective: standing.objective.toPrecision(5), clusters: standing.clusters } : {});
    },
    stop: bar.stop,
  };
}

export interface SweepProgress {
  /** The number of fits that have ended. */
  readonly ended: number;
  /** The number of those that failed. */
  readonly failed: number;
  readonly onProgress: (done: number) => void;
  /** A fit ended, as `text` says. */
  onEnd(failed: boolean, text: string): void;
  stop(): void;
}

/** A bar on the error output, where that is a terminal; else `say` gets a line for each fit. */
export function createSweepProgress(total: number, say: (text: string) => void): SweepProgress {
  const format = '{bar} {percentage}% | {ended} of {fits} fits | {failed} failed | {left} left';
  const bar = process.stderr.isTTY ? createBar(format, { fits: total, ended: 0, failed: 0 }) : undefined;
  const counts = { ended: 0, failed: 0 };
  return {
    get ended() {
      return counts.ended;
    },
    get failed() {
      return counts.failed;
    },
    onProgress: (done) => bar?.update(done, counts),
    onEnd(failed, text) {
      counts.ended++;
      if (failed) counts.failed++;
      if (bar === undefined) say(`${counts.ended}/${total} ${text}`);
    },
    stop: () => bar?.stop(),
  };
}

/** A bar with the time that is left. */
function createBar(format: string, payload: object): { update(done: number, payload: object): void; stop(): void } {
  const bar = new cliProgress.SingleBar({ format, barsize: 20, clearOnComplete: true }, cliProgress.Presets.rect);
  const started = performance.now();
  bar.start(1, 0, { ...payload, left: '-' });
  return {
    update(done, payload) {
      const elapsed = (performance.now() - started) / 1000;
      bar.update(done, { left: done > 0 ? formatSeconds((elapsed / done) * (1 - done)) : '-', ...payload });
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
