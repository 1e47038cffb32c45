import type { LocalEngine } from '../lib/engine/local-engine.ts'
import type { Effects } from '../lib/pipeline/effects.ts'
import type { GateEffects } from '../lib/pipeline/gate.ts'
import { invokeTask } from './invoke.ts'
import { createTransformHandler } from './transform.ts'

/** How what stands is computed again, through the handler that the map calls, and how a difference is explained. Nothing is queued. */
export function recomputeEffects(effects: Effects & { readonly engine: LocalEngine }): GateEffects & Pick<Effects, 'timeLeftMs' | 'log'> {
  return {
    ...effects,
    recompute: (lake, task, catalog) => {
      const own = { ...effects, lake, queue: { send: async () => undefined }, log: () => undefined }
      return invokeTask(
        createTransformHandler(async () => ({ catalog, effects: own, close: async () => undefined })),
        task,
      )
    },
    diff: async (pair) => (await import('../lib/pipeline/diff-bytes.ts')).diffBytes(effects.engine, pair),
    compareVersions: async (question) => (await import('../lib/pipeline/diff-outputs.ts')).diffOutputs(effects.engine.engine, question),
  }
}
