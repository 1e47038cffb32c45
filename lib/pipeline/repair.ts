/** What a partition that was computed again for other inputs remembers of that: for people, in its receipt. No decision rests on it. */
import type { Computed } from '../engine/compute.ts'
import { outputKey } from '../lake/keys.ts'
import { REPAIR_OBJECTS_MAX, REPAIRS_MAX, type Receipt, type Repair } from '../lake/receipts.ts'
import { ConflictError, DataError, InvalidInputError } from '../model/errors.ts'
import { changesSince } from './changes-since.ts'
import type { Bringing, Work } from './commit.ts'

/** What became of the partition; `gone`: someone else put another object meanwhile. */
export interface Repaired {
  readonly old: Receipt | undefined
  readonly computed: Computed
  readonly same: boolean
}

/** The repairs of a partition with this one; undefined where there was none. Call it before the put: it looks at what stands there. */
export async function repairsWith(
  context: Bringing,
  work: Work,
  { old, computed, same }: Repaired,
): Promise<readonly Repair[] | undefined | 'gone'> {
  const { effects, task } = context
  if (!old || old.fingerprint === work.inputs.fingerprint) return old?.repairs
  const change = same ? undefined : await changeFrom(context, work, computed)
  if (change === 'gone') return 'gone'
  const objects = changesSince(old, work.inputs.inputs).flatMap<Repair['objects'][number]>(({ input, folder, objects: all }) => {
    return all.length > 0 ? all.map((one) => ({ input, ...one })) : [{ input, key: folder, change: 'folder' }]
  })
  const repair: Repair = {
    at: new Date(effects.now()).toISOString(),
    writer: task.writer,
    objects: objects.slice(0, REPAIR_OBJECTS_MAX),
    objectsInAll: objects.length,
    read: { before: rowsOf(old.inputs), after: rowsOf(computed.inputs) },
    same,
    ...(change && { change }),
  }
  return [...(old.repairs ?? []), repair].slice(-REPAIRS_MAX)
}

function rowsOf(inputs: readonly { readonly rows: number }[]): number {
  return inputs.reduce((sum, { rows }) => sum + rows, 0)
}

/** Undefined where what stood there is no output any more: the repair is right all the same. */
async function changeFrom({ effects, feature, bench }: Bringing, work: Work, computed: Computed) {
  const { output } = work.facts
  if (!output) return undefined
  const { version } = feature
  const before = await bench.newFile('.parquet')
  try {
    const key = outputKey(version.view, version.version, work.partition.name)
    if (!(await effects.lake.store.download(key, before, { ifMatch: output.etag }))) return 'gone'
    return await effects.engine.changeOf({ version, before, after: computed.file })
  } catch (error) {
    if (error instanceof ConflictError) return 'gone'
    if (!(error instanceof DataError || error instanceof InvalidInputError)) throw error
    // The comparison is for people; whatever it cannot do, the partition is repaired.
    const { view } = version
    effects.log({ event: 'repair not compared', view, partition: work.partition.name, error: error.message })
    return undefined
  }
}
