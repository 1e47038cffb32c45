import type { SourceBinding } from '../model/catalog.ts'
import type { Instant } from '../model/zone.ts'
import type { Session } from './engine.ts'
import type { LocalObject } from './local-object.ts'
import type { RowGroup } from './parquet-layout.ts'
import { type ObjectProfile, objectTimeSql } from './profile.ts'
import { literal } from './quote.ts'

/** Rows `[start, end)` of a file, counted from 0. */
export interface RowRange {
  readonly start: number
  readonly end: number
}

/** Event times of a stretch of rows, in microseconds since 1970 UTC. */
export interface Stretch extends RowRange {
  readonly first: bigint
  readonly last: bigint
}

/** What is known of an object before its rows are looked at. */
export interface KnownRows {
  readonly profile: ObjectProfile
  readonly groups: readonly RowGroup[]
}

/** Rows of a stretch at least; of a large file so many that a few thousand stretches are kept. */
const STRETCH_ROWS = 2048
const STRETCHES_MAX = 4096

/**
 * The least and greatest event time of each stretch of an object's rows; one without any time is left out. Read from the times
 * themselves: not every writer has statistics, and for a time that is converted the engine does not look at them either. None where row
 * numbers cannot be told from a column, or where rows lie outside the folder, whose zone changes decide how times are read.
 */
export async function readStretches(
  session: Session,
  object: LocalObject,
  { eventTime }: SourceBinding,
  { profile, groups }: KnownRows,
): Promise<readonly Stretch[] | undefined> {
  const isNamed = Object.keys(profile.types).some((name) => name.toLowerCase() === ROW_NUMBER)
  if (!eventTime || profile.strays > 0 || isNamed) return undefined
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  const step = Math.max(STRETCH_ROWS, Math.ceil(rows / STRETCHES_MAX))
  const time = `epoch_us(${objectTimeSql(object, eventTime, profile.types)})`
  const found = await session.rows(
    `SELECT ${ROW_NUMBER} // ${step} AS nth, min(${time}) AS first, max(${time}) AS last ` +
      `FROM read_parquet(${literal(object.file)}, hive_partitioning=false, file_row_number=true) GROUP BY nth ORDER BY nth`,
  )
  return found.flatMap(({ nth, first, last }) => {
    const start = Number(nth) * step
    if (first === null) return []
    return [{ start, end: Math.min(rows, start + step), first: BigInt(String(first)), last: BigInt(String(last)) }]
  })
}

/** The engine's own column of a row's place in its file; row groups whose places a filter excludes are not read. */
export const ROW_NUMBER = 'file_row_number'

/** Indexes of the row groups that may hold rows of the cut `[start, end)`, by the stretches that touch them. */
export function groupsInside(
  groups: readonly RowGroup[],
  stretches: readonly Stretch[],
  cut: { readonly start: Instant; readonly end: Instant },
) {
  const [start, end] = [Number.isFinite(cut.start) ? BigInt(cut.start) * 1000n : undefined, BigInt(cut.end) * 1000n]
  const inside = stretches.filter(({ first, last }) => first < end && (start === undefined || last >= start))
  let from = 0
  return groups.flatMap(({ rows }, index) => {
    const group = { start: from, end: from + rows }
    from = group.end
    return inside.some((one) => one.start < group.end && one.end > group.start) ? [{ index, ...group }] : []
  })
}
