import { randomUUID } from 'node:crypto'
import { LocalEngine } from '../../engine/local-engine.ts'
import { listOutputs, NO_OUTPUTS } from '../../lake/outputs.ts'
import { readPublished } from '../../lake/published.ts'
import { withVersions } from '../../lake/registry.ts'
import { featureKey, featureNamed, parseViewRef } from '../../model/catalog.ts'
import { InvalidInputError } from '../../model/errors.ts'
import type { Instant } from '../../model/zone.ts'
import { explainPartition } from '../../pipeline/explain.ts'
import { explainValue } from '../../pipeline/explain-value.ts'
import { type KnownAt, knownAt } from '../../pipeline/known-at.ts'
import { endedPartition } from '../../pipeline/preview-partitions.ts'
import { type VerifiedStanding, verifyStanding } from '../../pipeline/verify-standing.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openRegistered, type Registered } from '../registered.ts'
import { renderDifferent } from '../render-different.ts'
import { renderExplanation } from '../render-explain.ts'
import { renderKnownAt, renderValue } from '../render-value.ts'
import { scratchFolder, versionsNamed } from '../session.ts'
import { verifyEffects } from '../verify-effects.ts'

export interface ExplainOptions {
  readonly view: string
  /** A partition; or an entity and a partition; with `asOf` the partition may be left out. */
  readonly what: readonly string[]
  readonly asOf?: Instant
  readonly replay?: boolean
  readonly json?: boolean
}

/** What `--replay` found; undefined where the value was not recomputed. */
interface Replay {
  readonly same: boolean
  readonly found: VerifiedStanding
}

/** Says in words what stands at a partition and why, or where the value of one entity in it comes from. */
export async function explain(context: CliContext, options: ExplainOptions): Promise<number> {
  const view = await versionAsOf(context, options)
  const registered = await openRegistered(context, [view])
  const engine = new LocalEngine({ scratch: await scratchFolder(undefined) })
  try {
    const opened = { ...registered, engine }
    const known = options.asOf === undefined ? undefined : await knownAt(featureNamed(registered.catalog, view), options.asOf, registered)
    const { entity, partition } = placeOf(options, known)
    const request = { view, partition }
    const value =
      entity === undefined
        ? undefined
        : await explainValue({ ...request, entity }, registered.catalog, { ...opened, now: context.now, newId: randomUUID })
    const explained = value?.partition ?? (await explainPartition(request, registered.catalog, { ...opened, now: context.now }))
    const replay = options.replay ? await replayOf(context, opened, request) : undefined
    const told = value ?? explained
    if (options.json)
      context.out(JSON.stringify({ ...(known && { knownAt: known }), ...told, ...(replay && { replay: summaryOf(replay) }) }, null, 1))
    else
      context.out(
        [
          ...(known ? [renderKnownAt(known)] : []),
          value ? renderValue(value) : renderExplanation(explained),
          ...(replay ? renderReplay(replay) : []),
        ].join('\n'),
      )
    return replay && !replay.same ? EXIT.different : EXIT.ok
  } finally {
    await engine.close()
    await registered.lake.close()
  }
}

/** A label reads the published version, where there is one and no other is named. */
async function versionAsOf(context: CliContext, { view, asOf }: ExplainOptions): Promise<string> {
  if (asOf === undefined || parseViewRef(view).version !== undefined) return view
  const { lake } = await openRegistered({ ...context, note: () => undefined })
  try {
    const published = (await readPublished(lake.store)).value.views[view]
    return published === undefined ? view : featureKey(view, published)
  } finally {
    await lake.close()
  }
}

/** @throws InvalidInputError for too few or too many names, and for a partition that a label at the time does not read. */
function placeOf({ what, asOf }: ExplainOptions, known: KnownAt | undefined): { readonly entity?: string; readonly partition: string } {
  const isEntity = (text: string | undefined) => text !== undefined && !/^\d{4}(-\d\d){1,3}$/.test(text)
  const [entity, named] = isEntity(what[0]) || what.length === 2 ? [what[0], what[1]] : [undefined, what[0]]
  if (what.length > 2) throw new InvalidInputError(`explain takes an entity and a partition; found ${what.join(' ')}`)
  if (named === undefined && !known)
    throw new InvalidInputError(`explain needs a partition${asOf === undefined ? ', or --as-of TIME' : ''}`)
  if (known && named !== undefined && named !== known.partition)
    throw new InvalidInputError(
      `a label at ${known.time} reads partition ${known.partition}, not ${named}; leave the partition out, or --as-of`,
    )
  const partition = named ?? known?.partition ?? ''
  return entity === undefined ? { partition } : { entity, partition }
}

/** Recomputes the partition in scratch through the door of a backfill. @throws InvalidInputError where its inputs of then are not there. */
async function replayOf(
  context: CliContext,
  { lake, catalog, engine }: Omit<Registered, 'engine'> & { readonly engine: LocalEngine },
  request: { readonly view: string; readonly partition: string },
): Promise<Replay> {
  const feature = featureNamed(catalog, request.view)
  const { version } = feature
  const { state, receipt, changes } = await explainPartition(request, catalog, { lake, engine, now: context.now })
  if (!receipt || state.kind !== 'fresh') {
    const why = changes.length > 0 ? `: folder ${changes[0]?.folder} of ${changes[0]?.input} is not what it was` : ''
    throw new InvalidInputError(
      `${version.view} ${request.partition} cannot be replayed, as it is ${receipt ? state.kind : 'certified by no receipt'}${why}; what it was computed from is not all there`,
    )
  }
  const partition = endedPartition(version, request.partition, context.now())
  const facts = (await listOutputs(lake.store, version, partition.name, partition.name)).get(partition.name) ?? NO_OUTPUTS
  const whole = await withVersions(lake.store, catalog, versionsNamed([request.view]))
  const standing = [{ partition, facts, fingerprint: receipt.fingerprint }]
  const found = await verifyStanding(feature, standing, whole, verifyEffects(context, { lake, engine }))
  return { same: found.compared === 1 && found.different.length === 0, found }
}

function summaryOf({ same, found }: Replay) {
  return { same, compared: found.compared, different: found.different }
}

function renderReplay({ same, found }: Replay): string[] {
  if (same) return ['replayed: recomputed from the same inputs, the same byte for byte']
  if (found.compared === 0) return ['replayed: its inputs or its bytes changed meanwhile, so nothing was compared']
  return ['replayed: what was recomputed is not what stands there', ...renderDifferent(found)]
}
