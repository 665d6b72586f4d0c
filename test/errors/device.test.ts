/** The error of a device that fails in the middle of a call. */
import { describe, expect, it } from 'vitest';
import { faults, runWithFaults } from '../support/faults.js';

describe.skipIf(faults === undefined)('a device that fails', () => {
  // Each allocation fails once, as a device does. Those of pages fail as memory does.
  it.each(['objective.value(tau)', 'await objective.valueAsync(tau)'])('in %s is a GenmiError', async (call) => {
    const program = `
      const x = { data: numbers(300, 1), shape: [100, 3] };
      const tau = { data: new Float64Array(200).fill(0.5), shape: [100, 2] };
      const objective = mmd({ mode: 'ovo', affinity: Affinity.kernel(x, { kernel: 'rbf', storage: 'features' }) });
      const value = ${call};
      const errors = new Set();
      for (let at = 1, asked = 1; at <= asked; at++) {
        faults.fail(at, at, true);
        try { ${call}; } catch (error) { errors.add(error.name + ' ' + error.code + ' ' + error.message.slice(0, 19)); }
        asked = faults.asked();
      }
      console.log(JSON.stringify([...errors].sort()), Object.is(${call}, value));`;
    const { stdout, stderr, code } = await runWithFaults(program);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toContain('GenmiError ERR_BACKEND_UNAVAILABLE a device that fails');
    expect(
      stdout.replaceAll(
        /GenmiError ERR_(BACKEND_UNAVAILABLE a device that fails|OUT_OF_MEMORY memory: expected ro)/g,
        '',
      ),
    ).toMatch(/^\[("",?)+\] true\n$/);
  });
});
