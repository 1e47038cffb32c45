import type { ViewVersion } from '../model/catalog.ts'
import type { Instant } from '../model/zone.ts'
import type { Side } from './diff-sides.ts'
import type { Session } from './engine.ts'
import { featureTable } from './feature-table.ts'
import { literalList } from './quote.ts'

/** Local outputs of one version, by the end of their partition. */
export interface OutputFiles {
  readonly name: string
  readonly version: ViewVersion
  readonly files: readonly { readonly end: Instant; readonly file: string }[]
}

/** SQL of the keys and of the compared columns, in the types of the comparison. */
export interface SideColumns {
  readonly keys: readonly string[]
  readonly columns: readonly string[]
}

/** Output files as one side of a comparison. @throws DataError for a file that is no Parquet. */
export async function tableSide(session: Session, { name, version, files }: OutputFiles, { keys, columns }: SideColumns): Promise<Side> {
  const counts = await session.rows(`SELECT file_name, num_rows FROM parquet_file_metadata(${literalList(files.map(({ file }) => file))})`)
  const byFile = new Map(counts.map((row) => [String(row.file_name), Number(row.num_rows)]))
  const values = [
    'epoch_ms(feature_time) AS p',
    ...keys.map((sql, at) => `${sql} AS k${at}`),
    ...columns.map((sql, at) => `${sql} AS v${at}`),
  ]
  return {
    name,
    rows: new Map(files.map(({ end, file }) => [end, byFile.get(file) ?? 0])),
    relation: (first, last) => {
      const inside = files.filter(({ end }) => end >= first && end <= last).map(({ file }) => file)
      // A chunk in which this side has nothing still needs the types.
      const some = inside.length > 0 ? inside : files.slice(0, 1).map(({ file }) => file)
      const where = inside.length > 0 ? '' : ' WHERE false'
      return `SELECT ${values.join(', ')} FROM (${featureTable(version, some).relation})${where}`
    },
  }
}
