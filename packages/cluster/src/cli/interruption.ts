/** Ctrl-C, and the signal by which systems end processes: the first asks for an end, a later one ends the process at once. */

/** npm passes the signal of the terminal on, so that one key comes twice. */
const SAME_KEY_MS = 500;

const signals = ['SIGINT', 'SIGTERM'] as const;

export interface Interruption extends Disposable {
  /** Aborted by the first of these signals. */
  readonly signal: AbortSignal;
}

export function interruptible(): Interruption {
  const controller = new AbortController();
  let isSecond = false;
  const onSignal = () => {
    if (isSecond) process.exit(1);
    if (controller.signal.aborted) return;
    // Signals that arrived while the process was busy are handled after timers, and before immediates.
    const count = () =>
      setImmediate(() => {
        isSecond = true;
      });
    setTimeout(count, SAME_KEY_MS).unref();
    controller.abort(new Error('interrupted'));
  };
  for (const signal of signals) process.on(signal, onSignal);
  const dispose = () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  return { signal: controller.signal, [Symbol.dispose]: dispose };
}
