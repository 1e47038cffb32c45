import { GlueServiceException } from '@aws-sdk/client-glue'
import { ConflictError, HindcastError, InternalError, InvalidInputError, TransientError } from '../model/errors.ts'
import { notConfigured } from './not-configured.ts'

/** Another writer was faster, or someone is writing the same table now. */
const CONFLICT = /^(ConcurrentModificationException|AlreadyExistsException|VersionMismatchException)$/
const DENIED =
  /^(AccessDenied(Exception)?|UnrecognizedClientException|ExpiredTokenException|InvalidSignatureException|GlueEncryptionException)$/

/** There is no such table, or no such database: a write tells which. */
export function isNoTable(error: unknown): boolean {
  return error instanceof GlueServiceException && error.name === 'EntityNotFoundException' && !/^database /i.test(error.message)
}

/** Classifies an error of the client, once, at the border. `what` is `database.table`. */
export function glueError(error: unknown, what: string, database: string): HindcastError {
  if (error instanceof HindcastError) return error
  const unset = notConfigured(error)
  if (unset) return unset
  const [name, text] = error instanceof Error ? [error.name, error.message] : ['', String(error)]
  const status = error instanceof GlueServiceException ? error.$metadata.httpStatusCode : undefined
  const options = { cause: error }
  if (CONFLICT.test(name)) return new ConflictError(`table ${what} was changed by someone else`, {}, options)
  if (name === 'EntityNotFoundException')
    return new InvalidInputError(`Glue database ${database} does not exist; expected one of this account and region`, {}, options)
  if (DENIED.test(name))
    return new InvalidInputError(`table ${what} must not be used with these credentials: ${name}; expected a role that may`, {}, options)
  if (name === 'InvalidInputException' || name === 'ResourceNumberLimitExceededException')
    return new InvalidInputError(`table ${what} was refused by Glue: ${name}: ${text}`, {}, options)
  if (status === undefined || status >= 500 || status === 429 || /Throttl/.test(name))
    return new TransientError(`table ${what}: Glue did not answer: ${name}: ${text}`, {}, options)
  return new InternalError(`table ${what} was refused: ${name}: ${text}`, { status }, options)
}
