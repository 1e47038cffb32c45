/**
 * What earlier tries of a task did. A try that is cut off, dies or runs out of time leaves no report, but every partition that it ended has
 * a receipt or a mark with the run's name: a later try of the same run counts those as they ended, and does not compute them again.
 */
import pMap from 'p-map'
import { readJson } from '../lake/json-object.ts'
import { objectPrefix } from '../lake/keys.ts'
import { listAll, type ObjectStore } from '../lake/object-store.ts'
import { listOutputs, type PartitionOutputs } from '../lake/outputs.ts'
import type { Receipt, RejectedMark } from '../lake/receipts.ts'
import type { LandingRecord, LandReport } from './land.ts'
import { readReceipt } from './partition-state.ts'
import type { LandTask, Task } from './task.ts'
import type { Outcome, TransformReport } from './transform.ts'

/** How a partition ended, and of which inputs. */
export interface DoneBefore {
  readonly fingerprint: string
  readonly outcome: Outcome
}

const READS_AT_ONCE = 8

/** By partition what this writer did there; one GET for each receipt and mark. */
export async function doneBefore(
  store: ObjectStore,
  writer: string,
  outputs: ReadonlyMap<string, PartitionOutputs>,
): Promise<Map<string, readonly DoneBefore[]>> {
  const read = async ([partition, facts]: readonly [string, PartitionOutputs]) => {
    const receipt = await readReceipt(store, facts)
    const marks = await Promise.all(facts.rejected.map(async (mark) => ({ ...mark, body: await readMark(store, mark.key) })))
    const done = [
      ...(receipt?.writer === writer ? [{ fingerprint: receipt.fingerprint, outcome: outcomeOf(partition, receipt) }] : []),
      ...marks.flatMap(({ fingerprint, body }) =>
        body?.writer === writer
          ? [{ fingerprint, outcome: { partition, result: 'rejected' as const, reason: body.reasons.join('; ') } }]
          : [],
      ),
    ]
    return [partition, done] as const
  }
  const found = await pMap(outputs, read, { concurrency: READS_AT_ONCE })
  return new Map(found.filter(([, done]) => done.length > 0))
}

/** What the tries of a task did that gave no report in the end; undefined for a landing that none of them made. */
export async function doneByTask(store: ObjectStore, task: Task): Promise<TransformReport | LandReport | undefined> {
  if (task.kind !== 'task') return landedByTask(store, task)
  const { view, version, writer } = task
  const done = await doneBefore(store, writer, await listOutputs(store, task, task.first, task.last))
  return { view, version, outcomes: [...done.values()].flatMap(([newest]) => (newest ? [newest.outcome] : [])) }
}

async function landedByTask(store: ObjectStore, { source, key, writer }: LandTask): Promise<LandReport | undefined> {
  for (const info of await listAll(store, { prefix: objectPrefix(source, key) })) {
    const record = (await readJson<LandingRecord>(store, info.key))?.value
    if (record?.writer === writer) return { key, result: 'landed', folders: record.folders, rows: record.rows ?? 0 }
  }
  return undefined
}

async function readMark(store: ObjectStore, key: string): Promise<RejectedMark | undefined> {
  return (await readJson<RejectedMark>(store, key))?.value
}

function outcomeOf(partition: string, { inputs, rows, bytes, durations, standing_since: since }: Receipt): Outcome {
  const folders = inputs.flatMap((input) => input.folders)
  const spent = Object.values(durations).reduce((sum, ms) => sum + ms, 0)
  return {
    partition,
    result: since === undefined ? 'written' : 'confirmed',
    rows,
    bytes,
    bytesRead: folders.reduce((sum, folder) => sum + folder.bytes, 0),
    ms: Math.round(spent),
  }
}
