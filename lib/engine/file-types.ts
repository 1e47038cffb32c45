import { stat } from 'node:fs/promises'
import { attempt } from '../model/attempt.ts'
import { DataError } from '../model/errors.ts'
import type { Row, Session } from './engine.ts'
import type { LocalObject } from './local-object.ts'
import { literal, literalList } from './quote.ts'

/** Engine types of a file's columns, by name. */
export type Types = Readonly<Record<string, string>>

/** Engine types of a Parquet file's columns, by name. @throws DataError where it is none. */
export async function fileTypes(session: Session, file: string): Promise<Types> {
  try {
    return await session.columnTypes(`SELECT * FROM read_parquet(${literal(file)}, hive_partitioning=false)`)
  } catch (cause) {
    const found = await stat(file).catch(() => undefined)
    if (found?.size !== 0) throw cause
    throw new DataError('it is empty (0 bytes), and even a file without rows has a footer', {}, { cause })
  }
}

/** Types of the files' columns; files with the same schema elements have the same types, so one of them is asked. */
export async function typesOfFiles(session: Session, objects: readonly LocalObject[]): Promise<ReadonlyMap<string, Types>> {
  if (objects.length < 2) return new Map()
  const tried = await attempt(() => session.rows(`FROM parquet_schema(${literalList(objects.map(({ file }) => file))})`))
  const elements = new Map<string, Row[]>()
  for (const { file_name: file, ...element } of 'value' in tried ? tried.value : []) {
    const known = elements.get(String(file))
    if (known) known.push(element)
    else elements.set(String(file), [element])
  }
  const typesOf = new Map<string, Types>()
  const types = new Map<string, Types>()
  for (const [file, schema] of elements) {
    const text = JSON.stringify(schema)
    const known = typesOf.get(text) ?? (await fileTypes(session, file))
    typesOf.set(text, known)
    types.set(file, known)
  }
  return types
}
