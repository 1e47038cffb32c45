import type { TablesReport } from '../pipeline/sync-tables.ts'
import { EXIT } from './exit-codes.ts'
import { count } from './table.ts'

/** What became of the tables of a Glue database, for a person. */
export function renderTables({ database, written, unchanged, removed, failed, notes }: TablesReport): string {
  return [
    ...written.map((table) => `wrote table ${database}.${table}`),
    ...(unchanged > 0 ? [`${count(unchanged, 'table')} of ${database} ${unchanged === 1 ? 'was' : 'were'} right already`] : []),
    ...removed.map((table) => `removed table ${database}.${table}: nothing in the registry asks for it`),
    ...notes.map((note) => `note: ${note}`),
    ...failed.map(({ table, reason }) => `table ${database}.${table} could not be written: ${reason}`),
    ...(failed.length > 0 ? ['hindcast catalog repair writes what is left; until then Athena reads what these tables said before'] : []),
  ].join('\n')
}

/** Tables that could not be written are a reason to try again, unless a person has to change something first. */
export function exitCodeOfTables(tables: TablesReport | undefined): number {
  if (!tables || tables.failed.length === 0) return EXIT.ok
  return tables.failed.some(({ error }) => error === 'InvalidInputError') ? EXIT.invalid : EXIT.retry
}
