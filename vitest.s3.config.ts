import { defineConfig } from 'vitest/config'

// biome-ignore lint/style/noDefaultExport: vitest reads its settings from there
export default defineConfig({
  test: {
    // Not among those of `npm test`: Go builds the server for minutes, once.
    include: ['test/s3/**/*.s3-test.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
})
