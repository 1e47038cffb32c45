/**
 * The gate of a run that a state machine drives. It compares a sample of each view, as a run of the command line does, and keeps what it
 * found view by view in `runs/<run>/gate.json`: a call that runs out of time is followed by one that goes on with the view where it
 * stopped, on a smaller sample.
 */
import { renewClaim } from '../lake/claims.ts'
import { addRequests } from '../lake/counting-store.ts'
import { type Formatted, jsonBytes, readJson } from '../lake/json-object.ts'
import { runPrefix } from '../lake/keys.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { withVersions } from '../lake/registry.ts'
import { attempt, unwrap } from '../model/attempt.ts'
import { type Catalog, featureKey } from '../model/catalog.ts'
import { InternalError, LiveDiffers, Unfinished } from '../model/errors.ts'
import type { Effects } from './effects.ts'
import { type Gate, type Gated, type GateEffects, gateOf, notVerifiedAs, SKIPPED, tryPlanned, type Verdict, verifyVersion } from './gate.ts'
import { GATE_PARTITIONS } from './gate-choice.ts'
import type { Plan, PlannedView } from './plan.ts'
import { CLAIM_SPARE_MS } from './plan-run.ts'
import { readPlanFile } from './run-files.ts'
import { measure, type Spent } from './run-task.ts'
import type { Trial } from './try-version.ts'

export type VerifyRunEffects = GateEffects & Pick<Effects, 'timeLeftMs' | 'log'>

/** What the state machine is told; it does not grow with what was compared. */
export interface VerifiedRun {
  readonly run: string
  readonly verdict: Verdict
  /** Partitions that were compared byte for byte. */
  readonly compared: number
}

/** `gate` is there when all views are done. */
interface GateFile extends Formatted {
  /** Times that a view was begun and not ended, by `view@version`. */
  readonly begun: Readonly<Record<string, number>>
  readonly found: readonly Gated[]
  readonly trials: readonly Trial[]
  /** What its calls took so far. */
  readonly spent?: Spent
  readonly gate?: Gate
}

/** Partitions that are compared at the first, second and third time that a view is begun. */
const SAMPLES = [GATE_PARTITIONS, 2, 1]
/** A view is begun only with this much time left. */
const TIME_RESERVE_MS = 60_000

/**
 * Verifies the views of a planned run, and tries what is new of them. @throws LiveDiffers where a backfill gives other bytes than live
 * wrote, Unfinished when time runs out.
 */
export async function verifyRun(run: string, known: Catalog, effects: VerifyRunEffects): Promise<VerifiedRun> {
  const { store } = effects.lake
  const plan = await readPlanFile(store, run)
  if (!plan) throw new InternalError(`run ${run} has no plan; expected the plan step before this one`)
  const catalog = await withVersions(store, known, plan.views)
  const gate = plan.request.unverified ? SKIPPED : await verifyViews(run, plan, catalog, effects)
  await put(store, run, { ...NOTHING, gate })
  if (gate.verdict === 'different') throw new LiveDiffers(describeDifferent(gate))
  return { run, verdict: gate.verdict, compared: gate.views.reduce((sum, { compared }) => sum + compared, 0) }
}

/** What the gate of a run found; undefined before it has ended. */
export async function readGate(store: ObjectStore, run: string): Promise<Gate | undefined> {
  return (await readFile(store, run))?.gate
}

const NOTHING: GateFile = { format: 1, begun: {}, found: [], trials: [] }

function readFile(store: ObjectStore, run: string): Promise<GateFile | undefined> {
  return readJson<GateFile>(store, gateKey(run)).then((file) => file?.value)
}

async function put(store: ObjectStore, run: string, file: GateFile): Promise<void> {
  await store.put(gateKey(run), jsonBytes(file))
}

function gateKey(run: string): string {
  return `${runPrefix(run)}gate.json`
}

async function verifyViews(run: string, plan: Plan, catalog: Catalog, effects: VerifyRunEffects): Promise<Gate> {
  const { store } = effects.lake
  let file = (await readFile(store, run)) ?? NOTHING
  if (file.gate) return file.gate
  for (const planned of plan.views.slice(file.found.length)) {
    requireTime(planned, effects)
    await renewClaim(store, run, effects.now() + CLAIM_SPARE_MS)
    const counting = (counted: VerifyRunEffects) => attempt(() => verifyView(run, { planned, file }, catalog, counted))
    const { result, spent } = await measure(effects, counting)
    if ('error' in result) await leaveSpent(run, spent, store)
    const done = unwrap(result)
    file = { ...done, spent: addSpent(done.spent, spent) }
    await put(store, run, file)
    tell(run, file, effects)
  }
  const gate = { ...gateOf(file.found, []), ...(file.spent && { spent: file.spent }) }
  return gate.verdict === 'different' ? gate : { ...gate, trials: file.trials }
}

/** A call that fails or runs out of time is followed by another, which adds to it. */
async function leaveSpent(run: string, spent: Spent, store: ObjectStore): Promise<void> {
  const file = (await readFile(store, run)) ?? NOTHING
  await put(store, run, { ...file, spent: addSpent(file.spent, spent) })
}

/** The view that was just done. */
function tell(run: string, { found }: GateFile, { log }: VerifyRunEffects): void {
  const done = found.at(-1)?.view
  if (!done) return
  const { view, version, verdict, compared, rows, reason } = done
  log({ event: 'gate', run, view, version, verdict, compared, rows, ...(reason !== undefined && { reason }) })
}

interface Verifying {
  readonly planned: PlannedView
  readonly file: GateFile
}

/** That a view was begun is put before, so that a call which is cut off counts too. */
async function verifyView(run: string, { planned, file }: Verifying, catalog: Catalog, effects: VerifyRunEffects): Promise<GateFile> {
  const key = featureKey(planned.view, planned.version)
  const begun = file.begun[key] ?? 0
  const most = SAMPLES[begun]
  if (most === undefined) return { ...file, found: [...file.found, notVerifiedAs(planned, TOO_LONG)] }
  await put(effects.lake.store, run, { ...file, begun: { ...file.begun, [key]: begun + 1 } })
  try {
    const gated = await verifyVersion(planned, catalog, effects, { replaced: false, most })
    const trials = gated.view.verdict === 'different' ? [] : await tryPlanned(planned, catalog, effects)
    return { ...file, found: [...file.found, gated], trials: [...file.trials, ...trials] }
  } catch (error) {
    if (!(error instanceof Unfinished)) await put(effects.lake.store, run, file)
    throw error
  }
}

/** What a call took that was cut off is counted nowhere. */
function addSpent(before: Spent | undefined, { ms, requests }: Spent): Spent {
  return before ? { ms: before.ms + ms, requests: addRequests(before.requests, requests) } : { ms, requests }
}

const TOO_LONG = 'not one of its partitions could be compared in the time of a function'

function requireTime({ view }: PlannedView, { timeLeftMs }: VerifyRunEffects): void {
  const left = timeLeftMs?.() ?? Number.POSITIVE_INFINITY
  if (left < TIME_RESERVE_MS) throw new Unfinished(`the gate is not finished at view ${view}`, { left_ms: Math.round(left) })
}

const NAMED_MAX = 10

function describeDifferent({ different }: Gate): string {
  const named = different.slice(0, NAMED_MAX).map(({ view, partition }) => `${view} ${partition}`)
  const more = different.length > named.length ? ` and ${different.length - named.length} more` : ''
  return `what live wrote is not what a backfill gives: ${named.join(', ')}${more}; nothing was written`
}
