/**
 * Bundles the CLI and its worker into `dist/`, dependencies included: Node then opens a few files instead of hundreds, which halves the
 * start-up. Only DuckDB's native binding stays outside.
 */
import { rm } from 'node:fs/promises'
import { build } from 'esbuild'

await rm('dist', { recursive: true, force: true })
await build({
  entryPoints: ['bin/hindcast.ts', 'lib/cli/worker.ts'],
  outdir: 'dist',
  entryNames: '[name]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  external: ['@duckdb/node-bindings'],
  // Bundled CommonJS modules ask for Node's own by `require`.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  logLevel: 'warning',
})
