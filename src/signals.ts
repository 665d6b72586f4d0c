/** Abort signals of any realm or polyfill: objects with `aborted` and `addEventListener`. */

type Stop = (reason: unknown) => void;

/** The calls that each signal stops. A signal has one listener, however many calls share it. */
const listeners = new WeakMap<AbortSignal, { stops: Set<Stop>; abort: () => void }>();

/** The signal's reason; an AbortError where it has none. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError');
}

/** Calls `stop` with the signal's reason on abort. The returned function withdraws that. */
export function onceAborted(signal: AbortSignal, stop: Stop): () => void {
  const { stops, abort } = listeners.get(signal) ?? listen(signal);
  stops.add(stop);
  return () => {
    stops.delete(stop);
    if (stops.size > 0 || listeners.get(signal)?.stops !== stops) return;
    listeners.delete(signal);
    signal.removeEventListener?.('abort', abort);
  };
}

function listen(signal: AbortSignal) {
  const stops = new Set<Stop>();
  const abort = () => {
    listeners.delete(signal);
    for (const stop of stops) stop(reasonOf(signal));
  };
  signal.addEventListener('abort', abort, { once: true });
  const listening = { stops, abort };
  listeners.set(signal, listening);
  return listening;
}
