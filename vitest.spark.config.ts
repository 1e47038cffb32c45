import { defineConfig } from 'vitest/config'

// biome-ignore lint/style/noDefaultExport: vitest reads its settings from there
export default defineConfig({
  test: {
    // Not among those of `npm test`: Spark is large and slow.
    include: ['test/spark/**/*.spark-test.ts'],
  },
})
