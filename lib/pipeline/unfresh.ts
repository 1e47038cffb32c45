import { listOutputs, NO_OUTPUTS } from '../lake/outputs.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import { InputListing } from './input-listing.ts'
import type { ListingOptions } from './listing-options.ts'
import { haveVanished, stateByNames } from './partition-state.ts'
import type { PlanEffects } from './plan.ts'
import type { Scope } from './scope.ts'

/** The partitions of a scope that are missing or stale, as its inputs are now. */
export async function unfresh(
  { feature, partitions }: Scope,
  catalog: Catalog,
  { lake, engine, now, unmatched }: PlanEffects & Pick<ListingOptions, 'unmatched'>,
): Promise<Partition[]> {
  const [first, last] = [partitions[0], partitions.at(-1)]
  if (!first || !last) return []
  const outputs = await listOutputs(lake.store, feature.version, first.name, last.name)
  const listing = await InputListing.load({ lake, catalog, now: now(), unmatched }, [{ feature, partitions }])
  const context = { engine: engine.build.id, missingInputs: 'block' as const }
  const found: Partition[] = []
  for (const partition of partitions) {
    const [facts, inputs] = [outputs.get(partition.name) ?? NO_OUTPUTS, listing.inputs(feature, partition)]
    const { kind } = stateByNames(context, feature, facts, inputs)
    // Only of a stale one the receipt matters: what is blocked is not to be computed either way.
    if (kind === 'missing' || (kind === 'stale' && !(await haveVanished(lake.store, facts, inputs)))) found.push(partition)
  }
  return found
}
