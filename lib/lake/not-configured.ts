import { InvalidInputError } from '../model/errors.ts'

/** SSO sessions have a token of their own. */
const NO_CREDENTIALS = /^(CredentialsProviderError|TokenProviderError)$/

/** What every client of AWS throws before its first request where no region is set, or no credentials are found. */
export function notConfigured(error: unknown): InvalidInputError | undefined {
  if (!(error instanceof Error)) return undefined
  const options = { cause: error }
  if (error.message.includes('Region is missing'))
    return new InvalidInputError('no AWS region is set; expected AWS_REGION, or a profile that names one', {}, options)
  if (NO_CREDENTIALS.test(error.name))
    return new InvalidInputError(`no AWS credentials were found: ${error.message}; expected what the AWS CLI uses too`, {}, options)
  return undefined
}
