/** Compares outputs of two versions of one view: those that stand, or that were just computed in scratch. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type MatchedColumn, matchColumns } from '../engine/diff-columns.ts'
import { diffSides, type SidesJob } from '../engine/diff-sides.ts'
import type { Engine } from '../engine/engine.ts'
import { featureTable } from '../engine/feature-table.ts'
import { NO_DIFFERENCES, type TableDiff } from '../engine/table-diff.ts'
import { tableSide } from '../engine/table-side.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import type { ViewVersion } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { bringOutputs, type LocalOutput, type StandingOutput } from './bring-outputs.ts'
import { type Diff, describeDiff, EXAMPLES } from './diff.ts'
import { type Covered, timesOf } from './diff-cover.ts'

/** One version's outputs among those that are covered. */
export interface OutputsOf {
  /** What messages and reports call it. */
  readonly name: string
  readonly version: ViewVersion
  readonly store: ObjectStore
  readonly outputs: readonly StandingOutput[]
}

export interface OutputsQuestion {
  readonly here: OutputsOf
  readonly there: OutputsOf
  readonly covered: Covered
  readonly tolerance?: number
  readonly notes?: readonly string[]
}

interface Matched {
  readonly keys: readonly MatchedColumn[]
  readonly values: readonly MatchedColumn[]
}

/** @throws InvalidInputError where the two are not about the same entities and times. */
export async function diffOutputs(engine: Engine, question: OutputsQuestion): Promise<Diff> {
  const { here, there, covered } = question
  requireComparable(here.version, there.version)
  const { compared, left } = matchColumns(columnsOf(here.version), columnsOf(there.version))
  const keys = here.version.entity.flatMap((name) => compared.find((column) => column.name === name) ?? [])
  if (keys.length < here.version.entity.length)
    throw entityTypes(
      here,
      there,
      left.find(({ column }) => here.version.entity.includes(column)),
    )
  const values = compared.filter(({ name }) => !here.version.entity.includes(name))
  const brought = await bringBoth(engine, question)
  try {
    const table = await compare(engine, question, { keys, values }, brought)
    const sides = {
      here: { name: here.name, version: here.version.version },
      there: { name: there.name, version: there.version.version },
    }
    return describeDiff({ version: here.version, ...sides, covered, table, compared: values, left, notes: question.notes ?? [] })
  } finally {
    await brought.done()
  }
}

function columnsOf(version: ViewVersion) {
  return featureTable(version, []).columns.filter(({ name }) => name !== 'feature_time')
}

/** @throws InvalidInputError naming what differs. */
function requireComparable(a: ViewVersion, b: ViewVersion): void {
  const facts = ({ grain, zone, entity }: ViewVersion) => ({ grain, zone, entity: [...entity].sort().join(', ') })
  const [left, right] = [facts(a), facts(b)]
  for (const name of ['grain', 'zone', 'entity'] as const) {
    if (left[name] === right[name]) continue
    throw new InvalidInputError(
      `versions ${a.version} and ${b.version} of ${a.view} differ in ${name} (${left[name]} and ${right[name]}): their rows are not of the same things`,
    )
  }
}

function entityTypes(here: OutputsOf, there: OutputsOf, left: { readonly column: string; readonly reason: string } | undefined) {
  const { view } = here.version
  return new InvalidInputError(`entity ${left?.column} of ${view} is not comparable in ${here.name} and ${there.name}: ${left?.reason}`)
}

async function bringBoth(engine: Engine, { here, there, covered }: OutputsQuestion) {
  const folder = join(engine.scratch, `diff-${randomUUID()}`)
  const bring = ({ store, version, outputs }: OutputsOf, name: string) => {
    const wanted = outputs.filter(({ partition }) => covered.partitions.some(({ end }) => end === partition.end))
    return bringOutputs(store, version, wanted, join(folder, name))
  }
  const [a, b] = await Promise.all([bring(here, 'here'), bring(there, 'there')])
  return { here: a.files, there: b.files, done: async () => void (await Promise.all([a.done(), b.done()])) }
}

function compare(
  engine: Engine,
  { here, there, covered, tolerance }: OutputsQuestion,
  { keys, values }: Matched,
  files: { readonly here: readonly LocalOutput[]; readonly there: readonly LocalOutput[] },
): Promise<TableDiff> {
  const job: SidesJob = {
    keys: here.version.entity,
    columns: values,
    ...(tolerance !== undefined && { tolerance }),
    zone: here.version.zone,
    range: timesOf(covered),
    examples: EXAMPLES,
  }
  return engine.session(here.version.zone, async (session) => {
    if (files.here.length === 0 || files.there.length === 0) return NO_DIFFERENCES
    const side = ({ name, version }: OutputsOf, local: readonly LocalOutput[], pick: 'here' | 'there') => {
      const named = { name, version, files: local.map(({ partition, file }) => ({ end: partition.end, file })) }
      return tableSide(session, named, { keys: keys.map((column) => column[pick]), columns: values.map((column) => column[pick]) })
    }
    return diffSides(session, await side(here, files.here, 'here'), await side(there, files.there, 'there'), job)
  })
}
