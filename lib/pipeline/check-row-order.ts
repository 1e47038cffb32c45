import type { Engine } from '../engine/engine.ts'
import { compareShuffled, type OrderDependence, type ShuffleResult } from '../engine/shuffle-check.ts'
import type { Lake } from '../lake/lake.ts'
import type { Catalog, ViewVersion } from '../model/catalog.ts'
import { HindcastError } from '../model/errors.ts'
import type { Graph } from '../model/graph.ts'
import type { Problem } from '../model/problem.ts'
import type { View } from '../model/view.ts'
import { InputSampler } from './sample-inputs.ts'

export interface RowOrderOptions {
  readonly graph: Graph
  readonly catalog: Catalog
  readonly engine: Engine
  readonly lake: Lake
  /** By view: what in its SQL can depend on the order of rows. Views without any are not run. */
  readonly orderSensitive: ReadonlyMap<string, readonly string[]>
}

export interface RowOrderFindings {
  readonly problems: readonly Problem[]
  readonly notes: readonly Problem[]
}

/** Any other order would do; a fixed one gives the same findings each time. */
const SEED = 42

/** Runs each view that may depend on the order of rows twice on a sample of its newest raw data, the second time shuffled. */
export async function checkRowOrder(options: RowOrderOptions): Promise<RowOrderFindings> {
  const problems: Problem[] = []
  const notes: Problem[] = []
  const sampler = new InputSampler(options)
  try {
    for (const { version } of options.catalog.features.values()) {
      const view = options.graph.views.get(version.view)
      const sensitive = options.orderSensitive.get(version.view) ?? []
      if (!view || sensitive.length === 0) continue
      const result = await compareOnSample(options.engine, sampler, version)
      if (typeof result === 'string') notes.push(noteOf(view, `the order of rows was not checked: ${result}`))
      else {
        problems.push(...problemsOf(view, result, sensitive))
        notes.push(...result.columns.flatMap((column) => roundingNote(view, column)))
      }
    }
  } finally {
    await sampler.close()
  }
  return { problems, notes }
}

/** The comparison, or why there is none. */
async function compareOnSample(engine: Engine, sampler: InputSampler, version: ViewVersion): Promise<ShuffleResult | string> {
  const upstream = version.inputs.find((binding) => binding.kind === 'view')
  if (upstream) return `it reads view '${upstream.view}', and samples are taken of raw data`
  try {
    const sample = await sampler.sample(version)
    if ('empty' in sample) return `source '${sample.empty}' holds no data yet`
    const result = await compareShuffled(engine, { version, ...sample, seed: SEED })
    return result.outputRows === 0 ? `its sample of partition ${sample.partition.name} gives no rows` : result
  } catch (error) {
    if (error instanceof HindcastError && error.name === 'DataError') return error.message
    throw error
  }
}

function problemsOf(view: View, result: ShuffleResult, sensitive: readonly string[]): Problem[] {
  const at = { file: view.file, line: view.sqlLine }
  const found = `${sensitive.join(', ')} in the SQL`
  if (result.repeatedRows > 0) {
    const message = `entity (${view.entity.join(', ')}) is not unique in a sample: ${result.repeatedRows} of ${result.outputRows} rows repeat one`
    return [{ ...at, message, allowed: ['one row per entity: GROUP BY the entity columns'] }]
  }
  if (result.unmatched > 0) {
    const message = `which entities there are depends on the order of input rows, seen at ${result.unmatched} in a sample of ${result.inputRows} rows`
    return [{ ...at, message, found, allowed: ['an ORDER BY that leaves no ties'] }]
  }
  const columns = result.columns.filter(({ kind }) => kind === 'values')
  return columns.map(({ column, rows }) => {
    const message = `output column '${column}' depends on the order of input rows: ${rows} of ${result.outputRows} rows differ when a sample is shuffled`
    return {
      ...at,
      message,
      found,
      allowed: ['an ORDER BY inside the aggregate that leaves no ties', 'min, max or arg_max over unique keys'],
    }
  })
}

function roundingNote(view: View, { column, kind }: OrderDependence): Problem[] {
  if (kind === 'values') return []
  const message =
    `output column '${column}' rounds its last digits by the order of input rows, as sums of floating-point numbers do; ` +
    `live and backfill read rows in one order, so both agree. A cast to DECIMAL before the sum makes it exact`
  return [noteOf(view, message)]
}

function noteOf(view: View, message: string): Problem {
  return { file: view.file, line: view.sqlLine, message }
}
