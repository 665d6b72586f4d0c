/** Runs each test file in a vm context of its own, as users' tests may run; used by ../realms.test.ts. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { root: import.meta.dirname, include: ['*.in-context.ts'], pool: 'vmThreads' },
});
