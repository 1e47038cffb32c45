import { openQueries } from '../lib/lake/open-queries.ts'
import type { AthenaEffects } from '../lib/pipeline/train-athena.ts'
import { tablesOfProcess } from './tables.ts'

/** Athena as `HINDCAST_ATHENA_WORKGROUP` and `HINDCAST_GLUE_DATABASE` name it for a deployed function, or what is lacking of it. */
export async function athenaOfProcess(): Promise<AthenaEffects | string> {
  const [workgroup, { tables }] = [process.env.HINDCAST_ATHENA_WORKGROUP, await tablesOfProcess()]
  if (!workgroup) return 'HINDCAST_ATHENA_WORKGROUP is not set'
  if (!tables) return 'HINDCAST_GLUE_DATABASE is not set'
  return { tables, queries: await openQueries(workgroup) }
}
