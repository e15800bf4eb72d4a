/** Tests run from the sources: 'cotangent' means this folder, not dist. Two forks: the suite must fit two cores. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['cotangent-source', 'module', 'node', 'development|production'] },
  ssr: { resolve: { conditions: ['cotangent-source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
