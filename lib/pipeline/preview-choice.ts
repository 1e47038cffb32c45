import type { Catalog, Feature } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import type { Effects } from './effects.ts'
import { InputListing } from './input-listing.ts'
import { newestCandidates, requested } from './preview-partitions.ts'
import { prepareInputs, type ScratchInputs } from './scratch-inputs.ts'

interface Chosen {
  readonly partitions: readonly Partition[]
  readonly scratch: ScratchInputs
}

/**
 * The partitions that are asked for with their inputs made; else the newest one that is ready once its inputs are and that has some
 * object to read.
 */
export async function choosePartitions(
  request: { readonly at?: string; readonly last?: string },
  feature: Feature,
  catalog: Catalog,
  effects: Effects,
): Promise<Chosen> {
  const asked = requested(request, feature, effects.now())
  if (asked) return { partitions: asked, scratch: await prepareInputs(feature, asked, catalog, effects) }
  let [newest, ready]: (Chosen | undefined)[] = []
  let before: ScratchInputs | undefined
  for (const partition of await newestCandidates(feature, catalog, effects)) {
    const scratch = joined(before, await prepareInputs(feature, [partition], catalog, effects))
    const chosen = { partitions: [partition], scratch }
    const listing = await InputListing.load({ lake: effects.lake, catalog, now: effects.now() }, [{ feature, partitions: [partition] }])
    const { readiness, inputs } = listing.inputs(feature, partition)
    const holds = inputs.some(({ folders }) => folders.some(({ objects }) => objects.length > 0))
    if (readiness.kind === 'ready' && holds) return chosen
    if (readiness.kind === 'ready') ready ??= chosen
    newest ??= chosen
    before = scratch
    // Older ones need even older data.
    if (readiness.kind === 'warming_up' || readiness.kind === 'expired') break
  }
  const found = ready ?? newest
  if (!found) throw new InvalidInputError(`no partition of ${feature.version.view} has ended`)
  return found
}

/** What was made for the partitions that were tried before is there too. */
function joined(before: ScratchInputs | undefined, now: ScratchInputs): ScratchInputs {
  if (!before) return now
  const landed = [...new Set([...before.landed, ...now.landed].map(({ source }) => source))].map((source) => {
    const of = (made: ScratchInputs) => made.landed.find((one) => one.source === source)
    return { source, objects: (of(before)?.objects ?? 0) + (of(now)?.objects ?? 0), left: of(now)?.left ?? 0 }
  })
  const computed = [...new Set([...before.computed, ...now.computed].map(({ view }) => view))].map((view) => {
    const of = (made: ScratchInputs) => made.computed.find((one) => one.view === view)?.partitions ?? 0
    return { view, partitions: of(before) + of(now) }
  })
  return { landed, computed, problems: [...before.problems, ...now.problems] }
}
