import type { Source } from '../model/source.ts'
import { readJson, updateJson } from './json-object.ts'
import { SOURCES_KEY } from './keys.ts'
import type { ObjectStore } from './object-store.ts'

interface SourcesObject {
  readonly format: 1
  readonly sources: Readonly<Record<string, Source>>
  /** No longer defined; kept for the versions that read them. */
  readonly retired?: Readonly<Record<string, Source>>
}

/** The sources of the lake: those of the newest definitions, and those that only older versions read. */
export async function readSources(store: ObjectStore): Promise<Required<Omit<SourcesObject, 'format'>>> {
  const { sources = {}, retired = {} } = (await readJson<SourcesObject>(store, SOURCES_KEY))?.value ?? {}
  return { sources, retired }
}

/** Makes these the defined sources; what is defined no more is kept as retired. */
export async function writeSources(store: ObjectStore, defined: ReadonlyMap<string, Source>): Promise<void> {
  await updateJson<SourcesObject>(store, SOURCES_KEY, (old) => withSources(old, defined))
}

function withSources(old: SourcesObject | undefined, defined: ReadonlyMap<string, Source>): SourcesObject {
  const gone = Object.entries({ ...old?.retired, ...old?.sources }).filter(([name]) => !defined.has(name))
  return { format: 1, sources: Object.fromEntries(defined), ...(gone.length > 0 && { retired: Object.fromEntries(gone) }) }
}
