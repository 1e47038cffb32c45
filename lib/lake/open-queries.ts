import { InvalidInputError } from '../model/errors.ts'
import type { QueryService } from './query-service.ts'

/**
 * Opens a workgroup of Athena with the credentials and the region that the AWS SDK finds; nothing is asked of it before the first query.
 * @throws InvalidInputError for what cannot be the name of one.
 */
export async function openQueries(workgroup: string): Promise<QueryService> {
  if (!/^[a-zA-Z0-9._-]{1,128}$/.test(workgroup))
    throw new InvalidInputError(`'${workgroup}' is not the name of an Athena workgroup; expected letters, digits, '.', '_' and '-'`)
  // The client takes a tenth of a second to load, which nobody without a workgroup waits for.
  const { AthenaQueries } = await import('./athena-queries.ts')
  return new AthenaQueries(workgroup)
}
