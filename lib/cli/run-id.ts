import { randomBytes } from 'node:crypto'

/** A name for a run that sorts by time: `20010701T060000Z-1f2e`. */
export function runId(now: number): string {
  return `${new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(2).toString('hex')}`
}
