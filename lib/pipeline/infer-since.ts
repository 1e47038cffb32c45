import { csvFields, parquetFields } from '../engine/sample-fields.ts'
import { HindcastError } from '../model/errors.ts'
import type { ColumnGuess } from '../model/infer/data-guess.ts'
import type { SampledColumn, SampledColumns } from './infer-columns.ts'
import type { Inference } from './infer-source.ts'

/** The columns to declare; of one that older objects lack, the first folder from which on it is there. JSON may lack any. */
export async function findSince(inference: Inference, sampled: SampledColumns): Promise<ColumnGuess[]> {
  const captures = new Set(inference.placed.placement.guess.captures.map(({ name }) => name))
  const found: ColumnGuess[] = []
  for (const column of sampled.columns) {
    const { facts, guess, merged } = column
    if (merged.inside.length > 0 || captures.has(facts.name)) continue
    const { name, inside, path, type } = facts
    const field = { name, inside, ...(path !== undefined && { path }), ...(type !== undefined && { type }) }
    const lacks = sampled.format.kind !== 'json' && merged.present.includes(false)
    const since = lacks ? await sinceOf(inference, sampled, column) : undefined
    found.push({ field, ...guess, ...(since !== undefined && { since }) })
  }
  return found
}

/** The folder after the last one that lacks the column, by bisection between two that were sampled. */
async function sinceOf(inference: Inference, { objects, format }: SampledColumns, { merged }: SampledColumn): Promise<string | undefined> {
  const lacking = objects.filter((_, at) => !merged.present[at]).map(({ folder }) => folder)
  const folders = [...new Set(inference.placed.objects.map(({ folder }) => folder))].sort()
  let low = folders.indexOf(lacking.sort().at(-1) ?? '')
  const having = objects.filter(({ folder }, at) => merged.present[at] && folders.indexOf(folder) > low).map(({ folder }) => folder)
  let high = having.length > 0 ? folders.indexOf(having.sort()[0] ?? '') : folders.length
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await holds(inference, folders[middle] ?? '', merged.at, format.csv)) high = middle
    else low = middle
  }
  return folders[high]
}

/** Whether the first object of a folder has the column; one that cannot be read says no. */
async function holds(
  { session, folder: bringer, placed }: Inference,
  folder: string,
  at: readonly string[],
  csv: SampledColumns['format']['csv'],
): Promise<boolean> {
  const object = placed.objects.find((one) => one.folder === folder)
  if (!object) return false
  try {
    const { file } = await bringer.bring(object.info, placed.listing.kind)
    const fields = csv ? await csvFields(session, file, { ...csv, columns: 0 }) : await parquetFields(session, file)
    return fields.some((field) => field.at.length === 1 && field.at[0]?.toLowerCase() === at[0]?.toLowerCase())
  } catch (error) {
    if (error instanceof HindcastError && error.name === 'DataError') return false
    throw error
  }
}
