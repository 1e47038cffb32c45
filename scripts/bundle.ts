import type { BuildOptions } from 'esbuild'

/** How everything of ours is bundled for Node: dependencies included, only DuckDB's native binding stays outside. */
export const BUNDLE: BuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  external: ['@duckdb/node-bindings'],
  // Bundled CommonJS modules ask for Node's own by `require`.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  logLevel: 'warning',
}
