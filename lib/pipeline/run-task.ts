import type { Catalog } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Effects } from './effects.ts'
import { type LandReport, land } from './land.ts'
import type { Task } from './task.ts'
import { type TransformReport, transform } from './transform.ts'

/** Does one task of a map. @throws what `transform` and `land` throw. */
export async function runTask(task: Task, catalog: Catalog, effects: Effects): Promise<TransformReport | LandReport> {
  if (task.kind === 'task') return transform(task, catalog, effects)
  const source = catalog.sources.get(task.source)
  if (!source) throw new InvalidInputError(`source ${task.source} is not in the registry`)
  return land({ source, key: task.key, retry: task.retry }, effects)
}
