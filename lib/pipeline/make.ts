import type { Computed, ComputeJob } from '../engine/compute.ts'
import { type Attempt, attempt } from '../model/attempt.ts'
import { DataError, InvalidInputError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import type { Bringing, Made, Work } from './commit.ts'
import { Gone } from './workbench.ts'

/** Partitions whose outputs wait on local disk at the same time. */
const BATCH_MAX = 16
/** Bytes of input of a batch; beyond it a partition's own work is what takes time. */
const BATCH_BYTES_MAX = 64 * 1024 * 1024

/** Cuts the work into runs of small partitions that are made together; a big one is made alone. */
function batchesOf(all: readonly Work[]): Work[][] {
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

/** A partition and what became of it before it is put; `gone`: its inputs are no longer those that were listed. */
export interface MadeWork {
  readonly work: Work
  readonly made: Made | 'gone'
}

interface Brought {
  readonly job: ComputeJob
  readonly ms: number
}

/** A batch whose inputs are here, or what kept them away. */
interface BroughtBatch {
  readonly batch: readonly Work[]
  readonly brought: readonly Attempt<Brought>[]
}

/**
 * Steps 3 to 5, batch by batch; while one is computed, the next one is brought. `before` is called before each with its first partition. A
 * partition whose data is bad is made as a refusal, its output stays as it was; one whose inputs changed is gone.
 * @throws what `before` throws, and whatever is wrong with neither data nor SQL, such as a full disk.
 */
export async function* makeInBatches(
  context: Bringing,
  all: readonly Work[],
  before: (first: Partition) => void,
): AsyncGenerator<readonly MadeWork[]> {
  const batches = batchesOf(all)
  let ahead = begin(bringAll(context, batches[0] ?? []))
  try {
    for (const [at, [first]] of batches.entries()) {
      const brought = await ahead
      if (first) before(first.partition)
      ahead = begin(bringAll(context, batches[at + 1] ?? []))
      yield await computeAll(context, brought)
      const needed = await ahead
      await context.bench.trim(() => filesOf(needed))
    }
  } finally {
    await ahead.catch(() => undefined)
  }
}

/** Its error is thrown where it is awaited, which may be never. */
function begin<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}

function filesOf({ brought }: BroughtBatch): Set<string> {
  const inputs = brought.flatMap((one) => ('value' in one ? one.value.job.inputs : []))
  return new Set(inputs.flatMap(({ objects }) => objects.map(({ object }) => object.file)))
}

/** Step 3. */
async function bringAll(context: Bringing, batch: readonly Work[]): Promise<BroughtBatch> {
  const { catalog, bench } = context
  const inputs = batch.flatMap((work) => work.inputs.inputs)
  if (batch.length > 1) await bench.lookAhead(inputs, catalog)
  const brought: Attempt<Brought>[] = []
  for (const work of batch) brought.push(await attempt(() => bring(context, work)))
  return { batch, brought }
}

/** Steps 4 and 5. */
async function computeAll({ effects }: Bringing, { batch, brought }: BroughtBatch): Promise<MadeWork[]> {
  const jobs = brought.flatMap((one) => ('value' in one ? [one.value.job] : []))
  const computed = await effects.engine.computeAll(jobs)
  const madeOf = new Map(jobs.map((job, at) => [job.partition.name, computed[at]]))
  return batch.map((work, at) => {
    const one = brought[at]
    if (!one || 'error' in one) return { work, made: refusal(one?.error, DataError) }
    return { work, made: madeFrom(madeOf.get(work.partition.name), one.value) }
  })
}

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
