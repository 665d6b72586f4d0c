/** Ctrl-C: the first one asks for an end, a later one ends the process at once. */

/** npm passes the signal of the terminal on, so that one key comes twice. */
const SAME_KEY_MS = 500;

export interface Interruption extends Disposable {
  /** Aborted by Ctrl-C. */
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
  process.on('SIGINT', onSignal);
  return { signal: controller.signal, [Symbol.dispose]: () => void process.off('SIGINT', onSignal) };
}
