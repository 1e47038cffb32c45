import { defineConfig } from 'vitest/config'

// biome-ignore lint/style/noDefaultExport: vitest reads its settings from there
export default defineConfig({
  test: {
    include: ['test/athena/**/*.test.ts'],
    globalSetup: ['test/athena/global-setup.ts'],
    // A Trino and an emulator at a time are enough for any machine.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 900_000,
  },
})
