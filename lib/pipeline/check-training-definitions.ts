import { copyFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../engine/engine.ts'
import { readParquetColumns } from '../engine/sample-schema.ts'
import { objectHash } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import type { Feature, OutputColumn } from '../model/catalog.ts'
import { HindcastError, renderError } from '../model/errors.ts'
import { problemsOfLabels } from '../model/label-rules.ts'
import { renderSuggestion } from '../model/nearest.ts'
import type { Problem } from '../model/problem.ts'
import { formatOfLabels, type Training } from '../model/training.ts'
import { problemsOfFeature } from '../model/training-rules.ts'
import type { PathProblem } from '../model/zod-problems.ts'
import type { LineOf } from './resolve-source.ts'

/** A check brings no larger labels here only to see their columns. */
const LABEL_BYTES_MAX = 256 * 1024 * 1024

export interface CheckTrainings {
  readonly trainings: readonly Training[]
  /** Views with which nothing is wrong, and the names of all that are defined. */
  readonly features: ReadonlyMap<string, Feature>
  readonly defined: ReadonlySet<string>
  readonly engine: Engine
  readonly lake?: Lake
  /** Also look at the labels that are there. */
  readonly sample: boolean
  readonly lineOf: LineOf
}

/** Holds training sets against their views, and against their labels where those can be looked at. */
export async function checkTrainings(
  options: CheckTrainings,
): Promise<{ readonly problems: readonly Problem[]; readonly notes: readonly Problem[] }> {
  const problems: Problem[] = []
  const notes: Problem[] = []
  for (const training of options.trainings) {
    const { file } = training
    const place = ({ path, ...rest }: PathProblem): Problem => ({ file, line: options.lineOf(file, path), ...rest })
    const columns = training.labels.columns ?? (options.sample ? await fileColumns(training, options) : undefined)
    if (columns === undefined && options.sample) {
      const message = 'the labels are not here yet; their columns are checked when the set is made'
      notes.push(place({ path: ['labels'], message }))
    } else if (columns && 'message' in columns) problems.push(place(columns))
    const known = columns && !('message' in columns) ? columns : undefined
    if (known && !training.labels.columns) problems.push(...problemsOfLabels(training, known).map(place))
    problems.push(...problemsOfViews(training, options, known).map(place))
  }
  return { problems, notes }
}

function problemsOfViews(
  training: Training,
  { features, defined }: CheckTrainings,
  columns: readonly OutputColumn[] | undefined,
): PathProblem[] {
  return training.features.flatMap((feature, at): PathProblem[] => {
    const view = features.get(feature.view)
    if (view) return problemsOfFeature(feature, at, view.version, columns)
    const path = ['features', at, 'view']
    if (defined.has(feature.view)) return [{ path, message: `not checked, because ${feature.view} has problems` }]
    const names = [...defined].sort()
    return [
      { path, message: `unknown view '${feature.view}'${renderSuggestion(feature.view, names)}`, found: feature.view, allowed: names },
    ]
  })
}

/** The columns of a Parquet file of labels that is there; a problem where it cannot be read. */
async function fileColumns(
  training: Training,
  { engine, lake }: CheckTrainings,
): Promise<readonly OutputColumn[] | PathProblem | undefined> {
  const { key, path, format } = training.labels
  const name = key ?? path
  if (name === undefined || formatOfLabels(name, format ?? { kind: 'parquet', compression: 'auto' }).kind !== 'parquet') return undefined
  const file = join(engine.scratch, `labels-${objectHash(name)}.parquet`)
  try {
    if (!(await bring({ ...(key !== undefined && { key }), ...(path !== undefined && { path }) }, file, lake))) return undefined
    return await readParquetColumns(engine, file, name)
  } catch (error) {
    if (!(error instanceof HindcastError)) throw error
    return { path: ['labels'], message: `labels ${renderError(error)}` }
  } finally {
    await rm(file, { force: true })
  }
}

async function bring(
  { key, path }: { readonly key?: string; readonly path?: string },
  file: string,
  lake: Lake | undefined,
): Promise<boolean> {
  if (key !== undefined) {
    const found = await lake?.store.head(key)
    return found !== undefined && found.size <= LABEL_BYTES_MAX && (await lake?.store.download(key, file, { ifMatch: found.etag })) === true
  }
  const found = path === undefined ? undefined : await stat(path).catch(() => undefined)
  if (path === undefined || !found?.isFile() || found.size > LABEL_BYTES_MAX) return false
  await copyFile(path, file)
  return true
}
