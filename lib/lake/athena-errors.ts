import { AthenaServiceException, type QueryExecution } from '@aws-sdk/client-athena'
import { HindcastError, InternalError, InvalidInputError, TransientError } from '../model/errors.ts'
import type { OwnWorkgroup } from './athena-workgroup.ts'
import { notConfigured } from './not-configured.ts'

const DENIED = /^(AccessDenied(Exception)?|UnrecognizedClientException|ExpiredTokenException|InvalidSignatureException)$/
/** What Athena says of a failed query that is no fault of the request: https://docs.aws.amazon.com/athena/latest/ug/error-reference.html */
const SYSTEM_ERROR = 1

/** Classifies an error of the client, once, at the border. `what` is the service as a person knows it. */
export function athenaError(error: unknown, what: string): HindcastError {
  if (error instanceof HindcastError) return error
  const unset = notConfigured(error)
  if (unset) return unset
  const [name, text] = error instanceof Error ? [error.name, error.message] : ['', String(error)]
  const status = error instanceof AthenaServiceException ? error.$metadata.httpStatusCode : undefined
  const options = { cause: error }
  if (DENIED.test(name))
    return new InvalidInputError(`${what} must not be used with these credentials: ${name}; expected a role that may`, {}, options)
  if (name === 'InvalidRequestException') return new InvalidInputError(`${what} refused the request: ${text}`, {}, options)
  if (status === undefined || status >= 500 || status === 429 || /Throttl|TooManyRequests/.test(name))
    return new TransientError(`${what} did not answer: ${name}: ${text}`, {}, options)
  return new InternalError(`${what} refused the request: ${name}: ${text}`, { status }, options)
}

const LIMIT_REACHED = /bytes scanned limit/i

/** What became of a query that failed, or that somebody or a scan limit stopped: with `own`, that of its run. */
export function failureOf(query: QueryExecution, what: string, own?: OwnWorkgroup): HindcastError {
  const { QueryExecutionId: id = '', Status: status, Statistics: { DataScannedInBytes: scanned = 0 } = {} } = query
  const reason = status?.StateChangeReason ?? status?.AthenaError?.ErrorMessage ?? 'no reason was given'
  if (own && (scanned > own.bytesMax || LIMIT_REACHED.test(reason)))
    return new InvalidInputError(
      `${what}: query ${id} had scanned ${scanned} bytes when it was ended; expected at most ${own.bytesMax}, which ${own.from} leaves it`,
    )
  const message = `${what}: query ${id} ${status?.State === 'CANCELLED' ? 'was stopped' : 'failed'}: ${reason}`
  const mayWork = status?.AthenaError?.Retryable === true || status?.AthenaError?.ErrorCategory === SYSTEM_ERROR
  return mayWork ? new TransientError(message) : new InvalidInputError(message)
}
