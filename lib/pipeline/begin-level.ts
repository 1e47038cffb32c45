/**
 * What a run that a state machine drives does before each of its levels: it renews its claim for as long as the level may take, and asks how
 * many tasks may be at work, which a person may have changed since the run was planned (`runs/<run>/throttle.json`).
 */
import * as z from 'zod'
import { renewClaim } from '../lake/claims.ts'
import { type Formatted, jsonBytes, readJson } from '../lake/json-object.ts'
import { runPrefix } from '../lake/keys.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import type { Effects } from './effects.ts'
import { CLAIM_SPARE_MS, type RunLevel } from './plan-run.ts'

/** What the map of a level is begun with. */
export interface BegunLevel {
  /** Tasks at a time. */
  readonly maxConcurrency: number
}

interface ThrottleFile extends Formatted, BegunLevel {}

const throttleShape = z.strictObject({ format: z.literal(1), maxConcurrency: z.int().min(1) })

/** Begins a level as it was planned, or with as many tasks at a time as somebody asked for since. */
export async function beginLevel(
  { run, ...planned }: Pick<RunLevel, 'claimMs' | 'maxConcurrency'> & { readonly run: string },
  { lake, now }: Pick<Effects, 'lake' | 'now'>,
): Promise<BegunLevel> {
  const maxConcurrency = (await readThrottle(lake.store, run)) ?? planned.maxConcurrency
  await renewClaim(lake.store, run, now() + claimMsAt(planned, maxConcurrency))
  return { maxConcurrency }
}

/** How long the claim holds for a level that has this many tasks at work, from the time that it was planned to take. */
export function claimMsAt(planned: Pick<RunLevel, 'claimMs' | 'maxConcurrency'>, maxConcurrency: number): number {
  return Math.round(CLAIM_SPARE_MS + ((planned.claimMs - CLAIM_SPARE_MS) * planned.maxConcurrency) / maxConcurrency)
}

/** Levels of the run that have not begun will have this many tasks at a time. */
export async function putThrottle(store: ObjectStore, run: string, maxConcurrency: number): Promise<void> {
  await store.put(throttleKey(run), jsonBytes<ThrottleFile>({ format: 1, maxConcurrency }))
}

async function readThrottle(store: ObjectStore, run: string): Promise<number | undefined> {
  return (await readJson<ThrottleFile>(store, throttleKey(run), throttleShape))?.value.maxConcurrency
}

function throttleKey(run: string): string {
  return `${runPrefix(run)}throttle.json`
}
