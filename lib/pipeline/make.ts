import type { Computed, ComputeJob } from '../engine/compute.ts'
import { type Attempt, attempt } from '../model/attempt.ts'
import { DataError, InvalidInputError } from '../model/errors.ts'
import type { Bringing, Made, Work } from './commit.ts'
import { Gone } from './workbench.ts'

/** Partitions whose outputs wait on local disk at the same time. */
const BATCH_MAX = 16
/** Bytes of input of a batch; beyond it a partition's own work is what takes time. */
const BATCH_BYTES_MAX = 64 * 1024 * 1024

/** Cuts the work into runs of small partitions that are made together; a big one is made alone. */
export function batchesOf(all: readonly Work[]): Work[][] {
  const batches: Work[][] = []
  let [batch, bytes]: [Work[], number] = [[], 0]
  for (const work of all) {
    const own = inputBytes(work)
    if (batch.length > 0 && (batch.length >= BATCH_MAX || bytes + own > BATCH_BYTES_MAX)) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(work)
    bytes += own
  }
  return batch.length > 0 ? [...batches, batch] : batches
}

/** Bytes of the objects that a partition reads. */
export function inputBytes({ inputs }: Work): number {
  return inputs.inputs.reduce((sum, input) => sum + input.folders.reduce((all, folder) => all + folder.bytes, 0), 0)
}

interface Brought {
  readonly job: ComputeJob
  readonly ms: number
}

/**
 * Steps 3 to 5 for a batch. A partition whose data is bad is made as a refusal, its output stays as it was; one whose inputs changed is gone.
 * @throws whatever is wrong with neither data nor SQL, such as a full disk.
 */
export async function makeAll(context: Bringing, batch: readonly Work[]): Promise<{ readonly work: Work; readonly made: Made | 'gone' }[]> {
  const { catalog, effects, bench } = context
  const inputs = batch.flatMap((work) => work.inputs.inputs)
  if (batch.length > 1) await bench.lookAhead(inputs, catalog)
  const brought: Attempt<Brought>[] = []
  for (const work of batch) brought.push(await attempt(() => bring(context, work)))
  const jobs = brought.flatMap((one) => ('value' in one ? [one.value.job] : []))
  const computed = await effects.engine.computeAll(jobs)
  const madeOf = new Map(jobs.map((job, at) => [job.partition.name, computed[at]]))
  return batch.map((work, at) => {
    const one = brought[at]
    if (!one || 'error' in one) return { work, made: refusal(one?.error, DataError) }
    return { work, made: madeFrom(madeOf.get(work.partition.name), one.value) }
  })
}

/** Step 3. */
async function bring({ feature, catalog, bench }: Bringing, work: Work): Promise<Brought> {
  const began = performance.now()
  const inputs = []
  for (const input of work.inputs.inputs) inputs.push(await bench.bring(input, catalog))
  const job = { ...feature, partition: work.partition, inputs, file: await bench.newFile('.parquet') }
  return { job, ms: performance.now() - began }
}

function madeFrom(tried: Attempt<Computed> | undefined, { ms }: Brought): Made | 'gone' {
  if (!tried || 'error' in tried) return refusal(tried?.error, DataError, InvalidInputError)
  return { computed: tried.value, durations: { bring_ms: Math.round(ms), compute_ms: Math.round(tried.value.ms) } }
}

/** What the data explains. An invalid input says nothing of the data until everything was brought: a file could not be opened. */
function refusal(error: unknown, ...explained: (typeof DataError | typeof InvalidInputError)[]): Made | 'gone' {
  if (error instanceof Gone) return 'gone'
  if (explained.some((kind) => error instanceof kind)) return { error: error as DataError | InvalidInputError, durations: {} }
  throw error
}
