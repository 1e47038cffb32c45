import { InvalidInputError } from '../../model/errors.ts'
import { syncTables } from '../../pipeline/sync-tables.ts'
import type { CliContext } from '../context.ts'
import { openExistingLake } from '../registry-session.ts'
import { exitCodeOfTables, renderTables } from '../render-tables.ts'
import { tablesOf } from '../tables.ts'

/** Makes the tables of the Glue database what the registry says: all of them, whatever stands there now. */
export async function repairCatalog(context: CliContext, options: { readonly json?: boolean }): Promise<number> {
  const { tables } = await tablesOf(context)
  if (!tables) throw new InvalidInputError('no Glue database is named; expected --glue-database NAME, or HINDCAST_GLUE_DATABASE')
  const lake = await openExistingLake(context)
  try {
    const report = await syncTables('all', { lake, tables, now: context.now })
    context.out(options.json ? JSON.stringify({ format: 1, ...report }, null, 1) : renderTables(report))
    return exitCodeOfTables(report)
  } finally {
    await lake.close()
  }
}
