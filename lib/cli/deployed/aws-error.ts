import { notConfigured } from '../../lake/not-configured.ts'
import { HindcastError, InternalError, InvalidInputError, TransientError } from '../../model/errors.ts'

/** Names that a caller can do something about. A token or signature that is refused is a matter of the credentials too. */
const DENIED =
  /^(AccessDenied(Exception)?|UnauthorizedOperation|UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException|SignatureDoesNotMatch|ExpiredToken(Exception)?|MissingAuthenticationToken(Exception)?)$/
const BUSY = /Throttl|TooManyRequests|LimitExceeded|RequestTimeout|TimeoutError/

/** Classifies what a client of AWS threw, once, at the border. `what` is whom it asked. */
export function awsError(error: unknown, what: string): HindcastError {
  if (error instanceof HindcastError) return error
  const unset = notConfigured(error)
  if (unset) return unset
  const { name, message, status } = factsOf(error)
  const options = { cause: error }
  if (DENIED.test(name) || status === 403)
    return new InvalidInputError(`${what} must not be used with these credentials: ${message}`, {}, options)
  if (status === undefined || status >= 500 || status === 429 || BUSY.test(name))
    return new TransientError(`${what} did not answer: ${name}: ${message}`, {}, options)
  return new InternalError(`${what} refused what it was asked: ${name}: ${message}`, { status }, options)
}

/** Whether a client of AWS threw an error of this name. */
export function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name
}

function factsOf(error: unknown): { readonly name: string; readonly message: string; readonly status: number | undefined } {
  if (!(error instanceof Error)) return { name: '', message: String(error), status: undefined }
  const status = '$metadata' in error ? (error.$metadata as { readonly httpStatusCode?: number }).httpStatusCode : undefined
  return { name: error.name, message: error.message, status }
}
