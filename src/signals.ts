/** Abort signals: whatever has `aborted` and `addEventListener`, of this realm, another one, or a polyfill. */

type Stop = (reason: unknown) => void;

/** What each signal is to stop: one listener for each, however many calls share it. */
const listeners = new WeakMap<AbortSignal, { stops: Set<Stop>; abort: () => void }>();

/** The signal's reason; an AbortError where it has none. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError');
}

/** Calls `stop` with the reason when the signal is aborted, unless the function returned is called before. */
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
