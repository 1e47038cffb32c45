import { defineConfig } from 'vitest/config'

// biome-ignore lint/style/noDefaultExport: vitest reads its settings from there
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/athena/**'],
    // Generous: a loaded machine must not make a test red. No test waits for time to pass.
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
})
