import type { ByteRange } from '../model/byte-range.ts'
import type { Session } from './engine.ts'
import { literal, literalList } from './quote.ts'

/** One row group of a Parquet file: its rows, and where what was asked for of it lies. */
export interface RowGroup {
  readonly rows: number
  readonly ranges: readonly ByteRange[]
}

/** Where the chunks of some columns lie in a Parquet file, as its footer says. */
export interface ParquetLayout {
  readonly groups: readonly RowGroup[]
  /** Bloom filters of the columns, of all row groups: the engine asks them before it looks at row numbers. */
  readonly blooms: readonly ByteRange[]
  /** Columns that were asked for and that the footer does not name. */
  readonly unknown: readonly string[]
}

/** Parquet's first writers in C++ left the dictionary's header out of a chunk's size (PARQUET-816); readers take so much more. */
const CHUNK_PADDING = 100
/** Header of a bloom filter whose length counts its bits alone. */
const BLOOM_PADDING = 64

/**
 * Reads from a Parquet file's footer where the chunks of the columns lie, and the bloom filters that the engine may ask. Only the footer
 * has to be there. A column's name stands for all that is nested in it; where names leave a doubt, more is given, never less.
 * @returns undefined where the footer does not tell all. @throws DataError for one that is damaged.
 */
export async function readLayout(
  session: Session,
  { file, size }: { readonly file: string; readonly size: number },
  columns: readonly string[],
): Promise<ParquetLayout | undefined> {
  const groups = new Map<number, { rows: number; ranges: ByteRange[] }>()
  const blooms: ByteRange[] = []
  const known = new Set<string>()
  for (const row of await session.rows(layoutSql(file, columns))) {
    const group = groups.get(Number(row.g)) ?? { rows: Number(row.n), ranges: [] }
    groups.set(Number(row.g), group)
    if (row.name === null) continue
    known.add(String(row.name))
    const chunk = rangeAt(row.start, row.bytes, { padding: CHUNK_PADDING, size })
    const bloom = row.bloom_start === null ? NOTHING : rangeAt(row.bloom_start, row.bloom_bytes, { padding: BLOOM_PADDING, size })
    if (!chunk || !bloom) return undefined
    group.ranges.push(chunk)
    blooms.push(bloom)
  }
  const inOrder = [...groups].sort(([a], [b]) => a - b).map(([, group]) => group)
  return { groups: inOrder, blooms, unknown: inOrder.length === 0 ? [] : columns.filter((name) => !known.has(name)) }
}

const NOTHING: ByteRange = { start: 0, end: 0 }

/** Undefined where it would lie outside the file or has no length. */
function rangeAt(start: unknown, bytes: unknown, { padding, size }: { padding: number; size: number }): ByteRange | undefined {
  if (start === null || bytes === null) return undefined
  const end = Number(start) + Number(bytes)
  return Number(start) >= 0 && Number(bytes) >= 0 && end <= size ? { start: Number(start), end: Math.min(size, end + padding) } : undefined
}

/** One line per chunk of a column that was asked for, and one per row group. The engine compares names without their case. */
function layoutSql(file: string, columns: readonly string[]): string {
  const [path, metadata] = ['lower(path_in_schema)', `parquet_metadata(${literal(file)})`]
  const offsets = ['dictionary_page_offset', 'data_page_offset', 'index_page_offset'].map((name) => `nullif(greatest(${name}, 0), 0)`)
  return (
    'SELECT row_group_id AS g, row_group_num_rows AS n, NULL AS name, NULL AS start, NULL AS bytes, NULL AS bloom_start, NULL AS bloom_bytes ' +
    `FROM ${metadata} WHERE column_id = 0 UNION ALL ` +
    `SELECT row_group_id, row_group_num_rows, name, least(${offsets.join(', ')}), total_compressed_size, bloom_filter_offset, bloom_filter_length ` +
    `FROM ${metadata}, (SELECT unnest(${literalList(columns)}::VARCHAR[]) AS name) ` +
    `WHERE ${path} = lower(name) OR starts_with(${path}, lower(name) || ', ')`
  )
}
