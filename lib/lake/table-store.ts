import type { GlueTable } from '../model/glue-table.ts'

/** A table that was read, with the version that a put over it has to name. */
export interface StandingTable {
  readonly table: GlueTable
  readonly version: string | undefined
}

/** The database in which Athena finds the tables of a lake. */
export interface TableStore {
  readonly database: string
  read(name: string): Promise<StandingTable | undefined>
  /** One change of one table. @throws ConflictError when another table stands there by now than the one that was read. */
  put(table: GlueTable, over: StandingTable | undefined): Promise<void>
  delete(name: string): Promise<void>
  list(): Promise<readonly GlueTable[]>
}
