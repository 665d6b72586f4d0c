/** Stress, in small: `node test/stress/programs.mjs large` is what runs every night. */
import { describe, expect, it } from 'vitest';
import './support/dist.js';
import { programs, runProgram } from './stress/programs.mjs';

describe('under stress', () => {
  it.each(programs)(
    '$name: $what',
    async (program) => {
      if ((program.platform ?? process.platform) !== process.platform) return;
      expect(await runProgram(program, program.small, 20_261, 110_000)).toMatch(/seed 20261$/);
    },
    120_000,
  );
});
