#!/usr/bin/env node
import module from 'node:module'

// Compiled code is kept between runs; imports that should profit come after it.
module.enableCompileCache?.()
const { main } = await import('../lib/cli/main.ts')

// A reader such as `head` that has seen enough is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await main(process.argv.slice(2))
