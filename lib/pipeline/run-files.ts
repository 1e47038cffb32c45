/**
 * What a run leaves in the lake: `runs/<run>/plan.json`, `tasks/<level>.json`, `results/` and `report.json`. Results are put while others
 * are still computed, so a run that is killed leaves what its tasks had given until then.
 */
import { pMapIterable } from 'p-map'
import { type Formatted, jsonBytes, readJson } from '../lake/json-object.ts'
import { runPrefix } from '../lake/keys.ts'
import type { ObjectInfo, ObjectStore } from '../lake/object-store.ts'
import { DataError, InvalidInputError } from '../model/errors.ts'
import type { PriceTable } from '../model/price.ts'
import type { Plan } from './plan.ts'
import type { TaskResult } from './run-tally.ts'
import type { Spent } from './run-task.ts'
import type { Task } from './task.ts'

/** `plan.json`: the plan, what it is priced with, and what making it took. */
export interface PlanFile extends Plan {
  readonly run: string
  readonly started: string
  readonly prices: PriceTable
  readonly planning: Spent
}

interface TasksFile extends Formatted {
  readonly tasks: readonly Task[]
}

/** `results/<level>-<index>.json`. */
export interface ResultsFile extends Formatted {
  readonly level: number
  readonly results: readonly TaskResult[]
}

/** Landings are short and may be a million: so many share a file. A task of partitions is written at once. */
const LANDINGS_PER_FILE = 50

export function reportKey(run: string): string {
  return `${runPrefix(run)}report.json`
}

export function pageKey(run: string): string {
  return `${runPrefix(run)}report.html`
}

export function tasksKey(run: string, level: number): string {
  return `${runPrefix(run)}tasks/${level}.json`
}

/** The writing side, for the one process that drives the run. */
export class RunFiles {
  readonly #store: ObjectStore
  readonly #run: string
  #waiting: TaskResult[] = []
  #files = 0
  #putting: Promise<void> | undefined
  #error: unknown

  constructor(store: ObjectStore, run: string) {
    this.#store = store
    this.#run = run
  }

  async putPlan(plan: PlanFile): Promise<void> {
    await this.#store.put(`${runPrefix(this.#run)}plan.json`, jsonBytes(plan))
  }

  async putTasks(level: number, tasks: readonly Task[]): Promise<void> {
    await this.#store.put(tasksKey(this.#run, level), jsonBytes<TasksFile>({ format: 1, tasks }))
  }

  /** Puts the result soon, together with others that come while a put is under way. */
  addResult(level: number, result: TaskResult): void {
    this.#waiting.push(result)
    if (!this.#putting && this.#error === undefined && isWorthAPut(this.#waiting)) this.#putting = this.#putWaiting(level, isWorthAPut)
  }

  /** All results of the level are put. @throws what a put threw. */
  async endLevel(level: number): Promise<void> {
    await this.#putting
    if (this.#error === undefined) await this.#putWaiting(level, (waiting) => waiting.length > 0)
    if (this.#error !== undefined) throw this.#error
  }

  async #putWaiting(level: number, worthIt: (waiting: readonly TaskResult[]) => boolean): Promise<void> {
    try {
      while (worthIt(this.#waiting)) {
        const results = this.#waiting
        this.#waiting = []
        await putResults(this.#store, this.#run, { level, index: this.#files++, results })
      }
    } catch (error) {
      this.#error = error
    } finally {
      this.#putting = undefined
    }
  }
}

function isWorthAPut(waiting: readonly TaskResult[]): boolean {
  return waiting.length >= LANDINGS_PER_FILE || waiting.at(-1)?.task.kind === 'task'
}

/** Puts results of a level as its file `index`; put again, it is replaced. What a try took that gave none has a file of its own. */
export async function putResults(store: ObjectStore, run: string, part: ResultsPart): Promise<void> {
  const { level, index, triesBefore, results } = part
  const name = `${level}-${String(index).padStart(6, '0')}${triesBefore === undefined ? '' : `.${triesBefore}`}`
  const key = `${runPrefix(run)}results/${name}.json`
  await store.put(key, jsonBytes<ResultsFile>({ format: 1, level, results }))
}

export interface ResultsPart {
  readonly level: number
  readonly index: number
  /** The try that this is of, counted from 0. */
  readonly triesBefore?: number
  readonly results: readonly TaskResult[]
}

/** @throws InvalidInputError for a name that no run can have. */
export function requireRunName(run: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(run) || run === 'active')
    throw new InvalidInputError(`'${run}' is not the name of a run; expected one such as 20010701T060000Z-1f2e`)
}

/** The plan of a run; undefined where none was written. @throws DataError for a file that is no plan. */
export async function readPlanFile(store: ObjectStore, run: string): Promise<PlanFile | undefined> {
  const key = `${runPrefix(run)}plan.json`
  const plan = (await readJson<PlanFile>(store, key))?.value
  return (
    plan &&
    requireKeys(plan, ['request', 'views', 'levels', 'landings', 'quote', 'prices', 'planning', 'started'], `${store.location}/${key}`)
  )
}

/** @throws DataError naming the first key that the file lacks. */
export function requireKeys<T extends object>(value: T, keys: readonly (keyof T & string)[], where: string): T {
  const missing = keys.find((key) => value[key] === undefined)
  if (missing !== undefined) throw new DataError(`${where} has no '${missing}'; it is damaged, or an older build wrote it`)
  return value
}

/** Files of results that are read at once; a run of a million landings leaves as many. */
const READS_AT_ONCE = 40

/** Every result that a run left, in the order of its files, and when the last of them was put. */
export async function readResults(
  store: ObjectStore,
  run: string,
  onResult: (level: number, result: TaskResult) => void,
): Promise<{ readonly lastPut?: number }> {
  let lastPut: number | undefined
  const read = async ({ key, lastModified }: ObjectInfo) => ({ lastModified, file: await readResultsFile(store, key) })
  for await (const { lastModified, file } of pMapIterable(resultFiles(store, run), read, { concurrency: READS_AT_ONCE })) {
    lastPut = Math.max(lastPut ?? 0, lastModified)
    if (file) for (const result of file.results) onResult(file.level, result)
  }
  return { ...(lastPut !== undefined && { lastPut }) }
}

async function* resultFiles(store: ObjectStore, run: string): AsyncIterable<ObjectInfo> {
  for await (const page of store.list({ prefix: `${runPrefix(run)}results/` })) yield* page
}

async function readResultsFile(store: ObjectStore, key: string): Promise<ResultsFile | undefined> {
  const file = await readJson<ResultsFile>(store, key)
  return file && requireKeys(file.value, ['level', 'results'], `${store.location}/${key}`)
}
