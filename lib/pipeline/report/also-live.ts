import { type Catalog, featureKey } from '../../model/catalog.ts'
import type { Published } from '../../model/published.ts'

/** A version that live computes beside the published one and the candidate. */
export interface AlsoLive {
  readonly view: string
  readonly version: string
  /** `published before, until 2001-07-08`, or what the pin says. */
  readonly why: string
}

/** What was published before, and what is pinned. */
export function alsoLive(catalog: Catalog, { views, previous = {}, pins = {} }: Published): AlsoLive[] {
  return [...catalog.features.values()].flatMap(({ version: { view, version } }): AlsoLive[] => {
    if (catalog.candidates.get(view) === version || views[view] === version) return []
    const [before, pin] = [previous[view], pins[featureKey(view, version)]]
    const why = [
      ...(before?.version === version ? [`published before, kept fresh until ${before.until.slice(0, 10)}`] : []),
      ...(pin ? [`pinned${pin.reason === undefined ? '' : `: ${pin.reason}`}`] : []),
    ]
    return [{ view, version, why: why.join('; ') || 'read by another version' }]
  })
}
