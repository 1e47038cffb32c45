import { openTables } from '../lib/lake/open-tables.ts'
import type { TableStore } from '../lib/lake/table-store.ts'

/** The Glue database that `HINDCAST_GLUE_DATABASE` names, for the effects of a deployed function; empty where it is not set. */
export async function tablesOfProcess(): Promise<{ readonly tables?: TableStore }> {
  const database = process.env.HINDCAST_GLUE_DATABASE
  if (!database) return {}
  opened ??= openTables(database)
  return { tables: await opened }
}

let opened: Promise<TableStore> | undefined
