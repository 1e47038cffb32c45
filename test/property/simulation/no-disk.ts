import { registerHooks } from 'node:module'

/** Stands for `node:fs/promises` in the pipeline's workbench: local files of a schedule live in memory, so there are no folders to make. */
export async function mkdir(): Promise<void> {}
export async function rm(): Promise<void> {}
export async function unlink(): Promise<void> {}

/** Keeps the workbench off the disk, in everything that is imported from now on: a schedule then waits for nothing but the engine. */
export function installNoDisk(): void {
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === 'node:fs/promises' && context.parentURL?.endsWith('/lib/pipeline/workbench.ts')
        ? { url: import.meta.url, shortCircuit: true }
        : nextResolve(specifier, context),
  })
}
