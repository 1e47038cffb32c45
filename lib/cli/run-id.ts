import { randomBytes } from 'node:crypto'
import { runName } from '../model/run-name.ts'

/** A name for a run of this process. */
export function runId(now: number): string {
  return runName(now, randomBytes(2).toString('hex'))
}
