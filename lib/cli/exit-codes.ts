import { HindcastError } from '../model/errors.ts'

/** What the exit code of a command says; documented in docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** A bug, or an error that nobody classified. */
  internal: 1,
  /** A training set was made from partitions that changed since: for scripts, one that is not as it was is one that failed. */
  changed: 1,
  /** The request or a definition is wrong. */
  invalid: 2,
  /** Data is bad: partitions were rejected or failed, objects could not be landed; everything else was done. */
  data: 3,
  /** Two things that should be the same are not. */
  different: 4,
  /** There was nothing to compare. */
  nothingCompared: 5,
  /** Try again: something was busy, someone else was faster, or the disk is full. */
  retry: 6,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof HindcastError)) return EXIT.internal
  if (error.name === 'InvalidInputError') return EXIT.invalid
  if (error.name === 'DataError') return EXIT.data
  return error.name === 'InternalError' ? EXIT.internal : EXIT.retry
}
