import { type Formatted, readJson } from '../lake/json-object.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { canonicalJson } from '../model/hash.ts'
import { readPlanFile, readResults, reportKey, tasksKey } from './run-files.ts'
import { type RunReport, tasksPerLevel } from './run-report.ts'
import type { Task } from './task.ts'

/** A task of a run that gave no report, and why where it said so. */
export interface UnfinishedTask {
  readonly task: Task
  readonly error?: string
}

/** The tasks of a run that failed, were cut off, or never began, in the order of its manifests; none where it left no plan. */
export async function unfinishedTasks(store: ObjectStore, run: string): Promise<UnfinishedTask[]> {
  const plan = await readPlanFile(store, run)
  if (!plan) return []
  const done = new Set<string>()
  const errors = new Map<string, string>()
  await readResults(store, run, (_, result) => {
    if ('report' in result) done.add(canonicalJson(result.task))
    else if ('error' in result) errors.set(canonicalJson(result.task), result.error)
  })
  // What was cut off leaves no result; the report has it from the map.
  const report = (await readJson<RunReport>(store, reportKey(run)))?.value
  for (const { task, error } of report?.failures ?? []) errors.set(canonicalJson(task), error)
  const unfinished: UnfinishedTask[] = []
  for (const level of tasksPerLevel(plan).keys()) {
    const manifest = await readJson<Formatted & { readonly tasks: readonly Task[] }>(store, tasksKey(run, level))
    for (const task of manifest?.value.tasks ?? []) {
      const id = canonicalJson(task)
      const error = errors.get(id)
      if (!done.has(id)) unfinished.push({ task, ...(error !== undefined && { error }) })
    }
  }
  return unfinished
}
