/** What a Distributed Map itself keeps of a level: `runs/<run>/map/<level>/<map run>/manifest.json` and the files of its children. */
import { runPrefix } from '../lake/keys.ts'
import { listAll, type ObjectStore } from '../lake/object-store.ts'
import type { Task } from './task.ts'

/** `runs/<run>/map/<level>`: where the map of a level keeps its record. */
export function recordPrefix(run: string, level: number): string {
  return `${runPrefix(run)}map/${level}`
}

export interface LevelRecord {
  /** The map came to its end and said so. */
  readonly ended: boolean
  /** The children that failed. One that was only stopped has no error: it is part of what was not done. */
  readonly failed: readonly { readonly task: Task; readonly error: string }[]
}

/** One child of a map as its ResultWriter tells of it: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html */
interface FailedChild {
  readonly Input: string
  readonly Error?: string
  readonly Cause?: string
}

/** Reads the record of a level; of children that gave what they should it reads nothing. */
export async function readRecord(store: ObjectStore, run: string, level: number): Promise<LevelRecord> {
  const failed: { task: Task; error: string }[] = []
  const keys = (await listAll(store, { prefix: `${recordPrefix(run, level)}/` })).map(({ key }) => key)
  for (const key of keys.filter((one) => /\/FAILED_\d+\.json$/.test(one))) {
    const children = JSON.parse(Buffer.from((await store.get(key))?.bytes ?? '[]').toString()) as readonly FailedChild[]
    for (const { Input: input, Error: name, Cause: cause } of children) {
      if (name === undefined) continue
      const { task } = JSON.parse(input) as { readonly task: Task }
      failed.push({ task, error: `${name}: ${messageOf(cause)}` })
    }
  }
  return { ended: keys.some((key) => key.endsWith('/manifest.json')), failed }
}

/** Lambda's causes are JSON with the message in it. */
function messageOf(cause = ''): string {
  try {
    const parsed: unknown = JSON.parse(cause)
    return parsed !== null && typeof parsed === 'object' && 'errorMessage' in parsed ? String(parsed.errorMessage) : cause
  } catch {
    return cause
  }
}
