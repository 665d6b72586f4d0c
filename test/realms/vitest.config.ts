/** Each test file in a vm context of its own, as its users' may be; run by ../realms.test.ts. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { root: import.meta.dirname, include: ['*.in-context.ts'], pool: 'vmThreads' },
});
