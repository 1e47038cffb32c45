/**
 * Every error of hindcast is one of five kinds, told apart by what the caller does next; four more say how a step of a run ended. `name`
 * is a literal string, because bundlers rename classes and Step Functions matches text.
 */
export type ErrorName =
  | 'TransientError'
  | 'InvalidInputError'
  | 'DataError'
  | 'ConflictError'
  | 'InternalError'
  | 'Unfinished'
  | 'LiveDiffers'
  | 'NotVerified'
  | 'NotPublished'

/** Values that follow the message as `key=value`, for people and for log queries. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>

export abstract class HindcastError extends Error {
  abstract override readonly name: ErrorName
  readonly details: ErrorDetails

  constructor(message: string, details: ErrorDetails = {}, options: { cause?: unknown } = {}) {
    super(message, options)
    this.details = details
  }
}

/** The same call may work later: retry with back-off. */
export class TransientError extends HindcastError {
  override readonly name = 'TransientError'
}

/** The request or a definition is wrong: a person has to change it. */
export class InvalidInputError extends HindcastError {
  override readonly name = 'InvalidInputError'
}

/** The data is bad: a corrupt object, a broken rule, a value that does not fit. A retry gives the same. */
export class DataError extends HindcastError {
  override readonly name = 'DataError'
}

/** Someone else was faster: look again, then decide. */
export class ConflictError extends HindcastError {
  override readonly name = 'ConflictError'
}

/** A bug in hindcast. */
export class InternalError extends HindcastError {
  override readonly name = 'InternalError'
}

/** A task ran out of time between two partitions; what is finished is fresh, the same task goes on with the rest. */
export class Unfinished extends HindcastError {
  override readonly name = 'Unfinished'
}

/** What live wrote is not what a backfill gives: the run stops before it writes anything, and a person has to look. */
export class LiveDiffers extends HindcastError {
  override readonly name = 'LiveDiffers'
}

/** A run is whole and was to publish, but nothing of a view was compared, so nothing is verified. */
export class NotVerified extends HindcastError {
  override readonly name = 'NotVerified'
}

/** A run was to publish and was refused: tasks failed, a rule is in the way, or someone else published first. */
export class NotPublished extends HindcastError {
  override readonly name = 'NotPublished'
}

const REFUSALS: readonly ErrorName[] = ['LiveDiffers', 'NotVerified', 'NotPublished']

/** Whether a run that ended with this error did all that it may do, where more was asked for. */
export function isRefusal(name: string): boolean {
  return REFUSALS.some((refusal) => refusal === name)
}

/** One line for a person: message, then details as `key=value`. */
export function renderError(error: unknown): string {
  if (!(error instanceof HindcastError)) return error instanceof Error ? error.message : String(error)
  const details = Object.entries(error.details).filter(([, value]) => value !== undefined)
  return [error.message, ...details.map(([key, value]) => `${key}=${value}`)].join(' ')
}
