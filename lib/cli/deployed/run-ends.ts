/** What the error of an execution means to whoever started it: the exit code of the command line, and what can be done. */
import {
  ConflictError,
  DataError,
  type ErrorName,
  type HindcastError,
  InternalError,
  InvalidInputError,
  TransientError,
} from '../../model/errors.ts'
import { EXIT } from '../exit-codes.ts'

/** What a command line on the stack begins with, and what the run was of. */
export interface EndedBy {
  readonly hindcast: string
  readonly run: string
  readonly views: readonly string[]
}

interface RunEnd {
  readonly code: number
  advice(by: EndedBy): string
}

const AGAIN = 'the same command goes on with the rest'
const PASSING: RunEnd = { code: EXIT.retry, advice: () => `it was tried several times; ${AGAIN}` }
const BUG: RunEnd = {
  code: EXIT.internal,
  advice: ({ hindcast, run }) => `nobody foresaw it; ${hindcast} logs ${run} shows what the functions logged. What was computed stands`,
}

const OURS: Readonly<Record<ErrorName, RunEnd>> = {
  TransientError: PASSING,
  ConflictError: PASSING,
  Unfinished: { code: EXIT.retry, advice: () => `a step ran out of time each time that it was tried; ${AGAIN}` },
  InvalidInputError: { code: EXIT.invalid, advice: () => 'the request or a definition has to change' },
  DataError: { code: EXIT.data, advice: () => 'the data has to change; what was computed stands' },
  InternalError: BUG,
  LiveDiffers: {
    code: EXIT.different,
    advice: ({ hindcast, views }) => `nothing was computed; ${hindcast} verify ${views.join(' ')} shows the rows that differ`,
  },
  NotVerified: {
    code: EXIT.nothingCompared,
    advice: ({ hindcast, views }) =>
      `what was computed stands; ${hindcast} publish ${views.join(' ')} --unverified publishes it, or the same command again once live wrote some`,
  },
  NotPublished: {
    code: EXIT.invalid,
    advice: () => 'what was computed stands; once the reason is gone, the same command computes what is missing and publishes',
  },
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html, and what Lambda says of a call that it cut off. */
const OF_AWS: Readonly<Record<string, RunEnd>> = {
  'States.ExceedToleratedFailureThreshold': {
    code: EXIT.data,
    advice: ({ hindcast, run }) =>
      `more of its tasks failed than it tolerates; ${AGAIN}, ${hindcast} redrive ${run} too, and --tolerated-failures allows more`,
  },
  'States.Timeout': PASSING,
  'Sandbox.Timedout': PASSING,
  'Runtime.ExitError': PASSING,
}

/** What the error of this name comes to. */
export function endOf(name: string): RunEnd {
  if (name in OURS) return OURS[name as ErrorName]
  return OF_AWS[name] ?? (name.startsWith('Lambda.') ? PASSING : BUG)
}

/** Of a run that has a report: errors that stand in it have its exit code, any other ended the run before it could tell. */
export function exitCodeOfEnd(name: string, ofReport: number): number {
  const told = ['LiveDiffers', 'NotVerified', 'NotPublished', 'States.ExceedToleratedFailureThreshold'].includes(name)
  return told && ofReport !== EXIT.ok ? ofReport : endOf(name).code
}

/** Functions name their errors as the command line does. */
export function errorNamed(name: string, message: string): HindcastError {
  const { code } = endOf(name)
  if (code === EXIT.invalid) return new InvalidInputError(message)
  if (code === EXIT.data) return new DataError(message)
  if (name === 'ConflictError') return new ConflictError(message)
  if (code === EXIT.retry) return new TransientError(name === 'TransientError' ? message : `${message} (${name})`)
  return new InternalError(name === 'InternalError' ? message : `${message} (${name})`)
}
