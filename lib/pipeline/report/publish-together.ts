import { type Catalog, featureKey, type ViewBinding } from '../../model/catalog.ts'
import type { Published } from '../../model/published.ts'

/**
 * The views that have to be published with the candidate of a view: candidates that it reads and that readers do not see yet, and published
 * views whose candidate reads it. In an order in which each comes after what it reads.
 */
export function publishTogether(view: string, catalog: Catalog, { views: published }: Published): string[] {
  const candidateInputs = (name: string) => inputsOf(catalog, name, catalog.candidates.get(name))
  const isNew = (name: string) => published[name] !== catalog.candidates.get(name)
  const readsNow = (reader: string, name: string) => inputsOf(catalog, reader, published[reader]).some((input) => input.view === name)
  const found = new Set<string>()
  const visit = (name: string) => {
    if (found.has(name)) return
    found.add(name)
    for (const input of candidateInputs(name))
      if (isNew(input.view) && catalog.candidates.get(input.view) === input.version) visit(input.view)
    for (const reader of Object.keys(published)) if (isNew(reader) && readsNow(reader, name)) visit(reader)
  }
  visit(view)
  const order = [...catalog.features.values()].map(({ version }) => version.view)
  return [...found].sort((a, b) => order.lastIndexOf(a) - order.lastIndexOf(b))
}

function inputsOf(catalog: Catalog, view: string, version: string | undefined): ViewBinding[] {
  const feature = version === undefined ? undefined : catalog.features.get(featureKey(view, version))
  return (feature?.version.inputs ?? []).filter((binding) => binding.kind === 'view')
}
