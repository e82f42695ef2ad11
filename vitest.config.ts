// Owns how tests are found and run: unit tests beside their files, cross-room tests in test/, journeys in e2e/.
import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', 'dist/**', '.fairlead/**'];
const journey = { testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: false };

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 15_000,
    hookTimeout: 30_000,
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          // The machinery of the journeys has unit tests like any other room.
          exclude: [...exclude, 'test/**', 'e2e/!(controlplane|harness|node)/**'],
        },
      },
      {
        extends: true,
        test: { name: 'cross-room', include: ['test/**/*.test.ts'], exclude, testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          globalSetup: ['e2e/harness/global-setup.ts'],
          include: ['e2e/!(controlplane|harness|node|quickstart)/**/*.test.ts'],
          exclude,
          ...journey,
        },
      },
      {
        extends: true,
        // `npm start` itself: on a cluster of its own, and by itself, because how long it takes is part of it.
        test: {
          name: 'quickstart',
          include: ['e2e/quickstart/*.test.ts'],
          exclude,
          sequence: { groupOrder: 1 },
          ...journey,
        },
      },
    ],
  },
});
