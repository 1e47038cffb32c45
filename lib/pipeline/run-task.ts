import { countLake, type Requests } from '../lake/counting-store.ts'
import { type Attempt, attempt } from '../model/attempt.ts'
import type { Catalog } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Effects } from './effects.ts'
import { type LandReport, land } from './land.ts'
import type { Task } from './task.ts'
import { type TransformOptions, type TransformReport, transform } from './transform.ts'

/** What something took: its wall time, and what it asked of the stores. */
export interface Spent {
  readonly ms: number
  readonly requests: Requests
}

/** What one task of a map gave, and what it took where that was counted. */
export type TaskReport = (TransformReport | LandReport) & {
  readonly spent?: Spent
  /** Tries that gave no report, where there were some. */
  readonly triesBefore?: number
}

/** Does one task of a map and counts what it takes. @throws what `transform` and `land` throw. */
export async function runTask(task: Task, catalog: Catalog, effects: Effects, options: TransformOptions = {}): Promise<TaskReport> {
  const { tried, spent } = await tryTask(task, catalog, effects, options)
  if ('error' in tried) throw tried.error
  return { ...tried.value, spent }
}

/** Tries one task of a map; what it takes is counted also where it fails. */
export async function tryTask(
  task: Task,
  catalog: Catalog,
  effects: Effects,
  { triesBefore = 0 }: TransformOptions = {},
): Promise<{ readonly tried: Attempt<TaskReport>; readonly spent: Spent }> {
  const work = async (counted: Effects): Promise<TaskReport> => {
    const report = await doTask(task, catalog, counted, triesBefore)
    return triesBefore > 0 ? { ...report, triesBefore } : report
  }
  const { result, spent } = await measure(effects, (counted) => attempt(() => work(counted)))
  return { tried: result, spent }
}

/** What the work gave, and what it took. */
export async function measure<T, E extends Pick<Effects, 'lake'>>(
  effects: E,
  work: (counted: E) => Promise<T>,
): Promise<{ readonly result: T; readonly spent: Spent }> {
  const { lake, requests } = countLake(effects.lake)
  const began = performance.now()
  const result = await work({ ...effects, lake })
  return { result, spent: { ms: Math.round(performance.now() - began), requests: requests() } }
}

async function doTask(task: Task, catalog: Catalog, effects: Effects, triesBefore: number): Promise<TransformReport | LandReport> {
  if (task.kind === 'task') return transform(task, catalog, effects, { triesBefore })
  const source = catalog.sources.get(task.source)
  if (!source) throw new InvalidInputError(`source ${task.source} is not in the registry`)
  return land({ source, key: task.key, retry: task.retry, writer: task.writer, triedBefore: triesBefore > 0 }, effects)
}
