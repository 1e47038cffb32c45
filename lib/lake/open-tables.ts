import { InvalidInputError } from '../model/errors.ts'
import type { TableStore } from './table-store.ts'

/**
 * Opens a Glue database with the credentials and the region that the AWS SDK finds; nothing is asked of it before the first table.
 * @throws InvalidInputError for what cannot be the name of one.
 */
export async function openTables(database: string): Promise<TableStore> {
  if (!/^[a-z0-9_]{1,255}$/.test(database))
    throw new InvalidInputError(`'${database}' is not the name of a Glue database; expected lower-case letters, digits and _`)
  // The client takes a tenth of a second to load, which nobody without a database waits for.
  const { GlueTableStore } = await import('./glue-table-store.ts')
  return new GlueTableStore(database)
}
