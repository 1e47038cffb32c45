/**
 * Makes the tables of a Glue database what the registry says. They are derived: each is read with its version, then the registry, then
 * it is put over the version that was read. Who decided on an older registry is refused by that and decides anew, so the last table
 * written shows the last publish, whoever wrote it.
 */
import type { TableStore } from '../lake/table-store.ts'
import { ConflictError, type ErrorName, HindcastError, InvalidInputError, renderError } from '../model/errors.ts'
import { type GlueTable, OWNED } from '../model/glue-table.ts'
import { canonicalJson } from '../model/hash.ts'
import { historyName } from '../model/view-tables.ts'
import type { PlanEffects } from './plan.ts'
import { type WantedTable, wantedTables } from './wanted-tables.ts'

export interface TablesReport {
  readonly database: string
  readonly written: readonly string[]
  readonly unchanged: number
  /** Those that nothing in the registry asks for any more. */
  readonly removed: readonly string[]
  /** Those that could not be written; the same call again writes them. */
  readonly failed: readonly FailedTable[]
  readonly notes: readonly string[]
}

export interface FailedTable {
  readonly table: string
  readonly error: ErrorName
  readonly reason: string
}

/** How often a table is decided anew because others wrote it. */
const ROUNDS_MAX = 10

export type TableEffects = Pick<PlanEffects, 'lake' | 'now'> & { readonly tables: TableStore }

/**
 * Writes the tables of these views and of the sources that they read, or all tables of the lake; those of views that are not published go. What fails is reported, table by table;
 * everything else is written. @throws InvalidInputError for a lake that Athena cannot read.
 */
export async function syncTables(views: readonly string[] | 'all', effects: TableEffects): Promise<TablesReport> {
  requireBucket(effects)
  const report = { written: [] as string[], unchanged: 0, removed: [] as string[], failed: [] as FailedTable[] }
  const attempt = async (table: string, work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof HindcastError) || error.name === 'InternalError') throw error
      report.failed.push({ table, error: error.name, reason: renderError(error) })
    }
  }
  // Before the registry is read: a table that stands by then was asked for by then, or is stray.
  const standing: string[] = []
  if (views === 'all') await attempt('*', async () => void standing.push(...(await ownTables(effects))))
  const { tables, notes } = await wantedTables(views, effects)
  for (const wanted of tables) {
    await attempt(wanted.name, async () => {
      if (await writeTable(wanted, effects)) report.written.push(wanted.name)
      else report.unchanged++
    })
  }
  const gone = views === 'all' ? [] : views.filter((view) => !tables.some(({ name }) => name === view))
  await attempt('*', async () => void standing.push(...(await tablesOfGone(gone, effects))))
  for (const name of standing.filter((one) => !tables.some((table) => table.name === one))) {
    await attempt(name, async () => {
      await effects.tables.delete(name)
      report.removed.push(name)
    })
  }
  return { database: effects.tables.database, ...report, notes }
}

function requireBucket({ lake }: TableEffects): void {
  if (lake.store.location.startsWith('s3://')) return
  throw new InvalidInputError(`a Glue table reads a bucket; expected a lake such as s3://BUCKET, found ${lake.store.location}`)
}

/** Whether it had to be written. */
async function writeTable({ name, build }: WantedTable, { tables, lake }: TableEffects): Promise<boolean> {
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const standing = await tables.read(name)
    requireOurs(standing?.table, name, lake.store.location)
    const wanted = await build()
    if (!wanted || (standing && isSame(standing.table, wanted))) return false
    try {
      await tables.put(standing ? { ...wanted, Parameters: { ...foreign(standing.table), ...wanted.Parameters } } : wanted, standing)
      return true
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
  throw new ConflictError(`others changed table ${name} ${ROUNDS_MAX} times`)
}

/** @throws InvalidInputError for a table that this lake did not make: it is never overwritten. */
function requireOurs(standing: GlueTable | undefined, name: string, lake: string): void {
  if (!standing) return
  const owner = standing.Parameters[OWNED]
  if (owner === lake) return
  throw new InvalidInputError(
    `table ${name} is ${owner === undefined ? 'not one of hindcast' : `that of lake ${owner}`}; expected a database of its own, or another name`,
  )
}

async function ownTables({ tables, lake }: TableEffects): Promise<string[]> {
  const own = (await tables.list()).filter(({ Parameters }) => Parameters[OWNED] === lake.store.location)
  return own.map(({ Name }) => Name)
}

/** Tables of views that are published no more. */
async function tablesOfGone(views: readonly string[], { tables, lake }: TableEffects): Promise<string[]> {
  const names = views.flatMap((view) => [view, historyName(view)])
  const found = await Promise.all(names.map((name) => tables.read(name)))
  return names.filter((_, at) => found[at]?.table.Parameters[OWNED] === lake.store.location)
}

/** Parameters that hindcast decides, there or not. */
const OURS = /^(hindcast\.|projection\.|storage\.location\.template$|EXTERNAL$|classification$|skip\.header\.line\.count$)/

/** What others keep in a table, such as statistics: it stays. */
function foreign({ Parameters }: GlueTable): Record<string, string> {
  return Object.fromEntries(Object.entries(Parameters).filter(([key]) => !OURS.test(key)))
}

function isSame(standing: GlueTable, wanted: GlueTable): boolean {
  const Parameters = { ...foreign(standing), ...wanted.Parameters }
  return canonicalJson(standing) === canonicalJson({ ...wanted, Parameters })
}
