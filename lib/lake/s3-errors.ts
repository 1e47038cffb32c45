import { S3ServiceException } from '@aws-sdk/client-s3'
import { ConflictError, HindcastError, InternalError, InvalidInputError, TransientError } from '../model/errors.ts'
import { notConfigured } from './not-configured.ts'

/** Codes of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html that a caller can do something about. */
const DENIED = /^(AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|AllAccessDisabled|Forbidden|403)$/
const WRONG_PLACE = /^(NoSuchBucket|PermanentRedirect|InvalidBucketName|AuthorizationHeaderMalformed)$/

/** What arrived is not what was sent. */
const DAMAGED = /^(BadDigest|XAmzContentSHA256Mismatch|XAmzContentChecksumMismatch)$/

/** There is no such object. A missing bucket is an error of its own. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket'
}

/** A condition did not hold (412), or another conditional put of the key was under way (409). */
export function isConflict(error: unknown): boolean {
  return statusOf(error) === 412 || statusOf(error) === 409
}

/** The range begins after the end of the object. */
export function isBeyondEnd(error: unknown): boolean {
  return statusOf(error) === 416
}

/** Whether the client had sent the request before the one that was answered with this error. */
export function wasRetried(error: unknown): boolean {
  return error instanceof Error && '$metadata' in error && ((error.$metadata as { attempts?: number }).attempts ?? 1) > 1
}

/** Classifies an error of the client, once, at the border. */
export function s3Error(error: unknown, what: string): HindcastError {
  if (error instanceof HindcastError) return error
  const unset = notConfigured(error)
  if (unset) return unset
  const [name, status] = [nameOf(error), statusOf(error)]
  const text = error instanceof Error ? error.message : String(error)
  const options = { cause: error }
  if (isConflict(error)) return new ConflictError(`${what} was changed by someone else`, {}, options)
  if (DENIED.test(name) || status === 403)
    return new InvalidInputError(`${what} must not be used with these credentials: ${name}; expected a role that may`, {}, options)
  if (WRONG_PLACE.test(name)) return new InvalidInputError(`${what} cannot be found: ${name}: ${text}`, {}, options)
  if (DAMAGED.test(name) || /checksum mismatch/i.test(text))
    return new TransientError(`${what} came with other bytes than its checksum is of: ${text}`, {}, options)
  // Without a status no answer came: the network, or a time-out.
  if (status === undefined || status >= 500 || status === 429 || status === 408)
    return new TransientError(`${what} did not answer: ${name}: ${text}`, {}, options)
  return new InternalError(`${what} was refused: ${name}: ${text}`, { status }, options)
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
