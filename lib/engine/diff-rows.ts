import type { ViewVersion } from '../model/catalog.ts'
import { DataError } from '../model/errors.ts'
import type { Instant } from '../model/zone.ts'
import { diffTables } from './diff-tables.ts'
import type { DifferenceKind } from './difference-sql.ts'
import type { Engine, Session } from './engine.ts'
import { featureTable } from './feature-table.ts'
import { identifier, literal } from './quote.ts'
import type { ColumnDiff, Difference, TableDiff } from './table-diff.ts'

/** How two outputs of one partition differ. */
export interface RowDiff {
  readonly rowsHere: number
  readonly rowsThere: number
  /** Differences by kind: a row that is only on one side counts once, any other once for each column that differs. */
  readonly counts: Readonly<Partial<Record<DifferenceKind, number>>>
  /** The columns that differ. */
  readonly columns: readonly ColumnDiff[]
  /** The first few of each kind, in order of entity. */
  readonly examples: readonly Omit<Difference, 'end'>[]
}

export interface DiffJob {
  readonly version: ViewVersion
  readonly here: string
  readonly there: string
  /** Times that the rows may tell of: there, the days of the view's zone are known. */
  readonly range?: { readonly start: Instant; readonly end: Instant }
  /** Rows shown of each kind. */
  readonly examples: number
}

const EPOCH = { start: 0, end: 0 }

/** Compares two local output files of one view version row by row, matched on the entity. @throws DataError for one that is none. */
export function diffRows(engine: Engine, { version, here, there, range = EPOCH, examples }: DiffJob): Promise<RowDiff> {
  const { entity, zone } = version
  const columns = featureTable(version, [here]).columns.filter(({ name }) => name !== 'feature_time' && !entity.includes(name))
  const select = (file: string) => {
    const keys = entity.map((name, at) => `${identifier(name)} AS k${at}`)
    const values = columns.map(({ name }, at) => `${identifier(name)} AS v${at}`)
    return `SELECT ${['0 AS p', ...keys, ...values].join(', ')} FROM (${featureTable(version, [file]).relation})`
  }
  const job = { here: select(here), there: select(there), keys: entity, columns, zone, range, examples }
  return engine.session(zone, async (session) => {
    for (const file of [here, there]) await requireColumns(session, version, file)
    return rowDiffOf(await diffTables(session, job))
  })
}

/** @throws DataError for a file that is no output of the version. */
async function requireColumns(session: Session, { schema, entity }: ViewVersion, file: string): Promise<void> {
  const found = Object.keys(await session.columnTypes(`SELECT * FROM read_parquet(${literal(file)}, hive_partitioning=false)`))
  const others = schema.map(({ name }) => name).filter((name) => !entity.includes(name))
  const expected = [...entity, 'feature_time', ...others]
  if (found.join() !== expected.join()) throw new DataError(`it has columns ${found.join(', ')}; expected ${expected.join(', ')}`)
}

/** The diff of tables that hold one partition. */
function rowDiffOf({ columns, partitions: [rows], examples }: TableDiff): RowDiff {
  const [matched, onlyHere, onlyThere] = [rows?.matched ?? 0, rows?.onlyHere ?? 0, rows?.onlyThere ?? 0]
  const sum = (pick: (column: ColumnDiff) => number) => columns.reduce((total, column) => total + pick(column), 0)
  const counts: [DifferenceKind, number][] = [
    ['different', sum(({ different }) => different)],
    ['last bits', sum(({ lastBits }) => lastBits)],
    ['only here', onlyHere],
    ['only there', onlyThere],
  ]
  return {
    rowsHere: matched + onlyHere,
    rowsThere: matched + onlyThere,
    counts: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    columns: columns.filter((column) => column.different + column.lastBits > 0),
    examples: examples.map(({ end: _, ...difference }) => difference),
  }
}
