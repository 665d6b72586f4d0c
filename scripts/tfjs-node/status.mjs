/**
 * Tells on stderr what the set-up is doing: on a terminal one line that counts the seconds, elsewhere a line a step.
 * @param {{ quiet: boolean }} options
 */
export function createStatus({ quiet }) {
  const out = process.stderr;
  const animated = out.isTTY && !quiet;
  let timer;
  const clear = () => {
    clearInterval(timer);
    if (animated) out.write('\r\x1b[K');
  };
  return {
    /** @param {string} text @param {() => string} [detail] more that changes while the step runs */
    step(text, detail) {
      clear();
      if (quiet) return;
      if (!animated) {
        out.write(`tfjs-node: ${text}\n`);
        return;
      }
      const started = performance.now();
      const draw = () => {
        const seconds = ((performance.now() - started) / 1000).toFixed(0);
        out.write(`\r\x1b[Ktfjs-node: ${text} … ${[detail?.(), `${seconds} s`].filter(Boolean).join(', ')}`);
      };
      draw();
      timer = setInterval(draw, 250);
    },
    /** @param {string} text the last line */
    done(text) {
      clear();
      if (!quiet) out.write(`tfjs-node: ${text}\n`);
    },
  };
}
