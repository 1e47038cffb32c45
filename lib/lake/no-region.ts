import { InvalidInputError } from '../model/errors.ts'

/** What every client of AWS throws before its first request where no region is set. */
export function noRegion(error: unknown): InvalidInputError | undefined {
  if (!(error instanceof Error && error.message.includes('Region is missing'))) return undefined
  return new InvalidInputError('no AWS region is set; expected AWS_REGION, or a profile that names one', {}, { cause: error })
}
