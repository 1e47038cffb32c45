import module from 'node:module'

// Compiled code is kept between runs; imports that should profit come after it. Tasks that arrive before wait in the channel.
module.enableCompileCache?.()
await import('./worker-tasks.ts')
