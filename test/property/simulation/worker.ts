import type { Batch } from './fan-out.ts'
import { installMutant } from './mutants.ts'
import { installNoDisk } from './no-disk.ts'

/** Runs its share of a batch; the patches of a mutant have to be installed before anything of the product is imported. */
const batch = JSON.parse(process.argv[2] ?? '') as Batch & { readonly worker: number; readonly workers: number }
installNoDisk()
const faults = batch.mutant === undefined ? {} : installMutant(batch.mutant)
const { Laboratory } = await import('./schedule.ts')
const laboratory = new Laboratory(batch.engine)
for (let at = batch.worker; at < batch.count; at += batch.workers) {
  const result = await laboratory.run(batch.first + at, { pure: batch.pure, faults })
  process.send?.(result)
}
await laboratory.close()
