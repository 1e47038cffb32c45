/**
 * Compiles the constructs and the functions that they deploy into `compiled/`, for the package: Node runs TypeScript everywhere but below
 * `node_modules`. A checkout does without.
 */
import { spawnSync } from 'node:child_process'
import { rm } from 'node:fs/promises'

await rm('compiled', { recursive: true, force: true })
process.exitCode = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.compiled.json'], { stdio: 'inherit' }).status ?? 1
