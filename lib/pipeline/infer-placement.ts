import type { ObjectInfo } from '../lake/object-store.ts'
import { InvalidInputError } from '../model/errors.ts'
import { inferKey, readKey } from '../model/infer/infer-key.ts'
import { type Placement, placeKeys } from '../model/infer/placement.ts'
import type { SampledColumns } from './infer-columns.ts'
import type { Inference, InferOptions } from './infer-source.ts'
import type { RawListing } from './raw-listing.ts'

/** What a person can type instead. */
export interface Commands {
  /** The same command with files laid out by the day of their last change. */
  readonly layOut: string
  /** The same command on another folder. */
  from(path: string): string
}

/** One object of data, by its key in the store and the folder of its place. */
export interface PlacedObject {
  readonly info: ObjectInfo
  /** Its key below the source's folder in the lake. */
  readonly key: string
  readonly folder: string
  readonly captures: Readonly<Record<string, string>>
}

/** The data of a listing with its places; objects that the template does not read are left out. */
export interface Placed {
  readonly listing: RawListing
  readonly placement: Placement
  readonly objects: readonly PlacedObject[]
}

/** Finds the places of all objects. @throws InvalidInputError where keys name no time, with what to type. */
export function inferPlacement(listing: RawListing, options: InferOptions): Placed {
  const keys = listing.data.map(({ key }) => key)
  const changed = new Map(listing.data.map(({ key, lastModified }) => [key, new Date(lastModified).toISOString().slice(0, 10)]))
  const dayOf = (key: string) => changed.get(key) ?? ''
  const others = listing.others.map(({ key }) => key)
  const markers = listing.markers.map(({ key }) => key)
  const placement = placeKeys(keys, { others, markers, ...(options.layOut && { dayOf }) })
  if (!placement) throw withoutTime(keys, options)
  const { template } = placement.guess
  const objects = listing.data.flatMap((info): PlacedObject[] => {
    const key = placement.keyOf.get(info.key)
    const read = key === undefined ? undefined : readKey(template, key)
    return key !== undefined && read ? [{ info, key, folder: read.folder.name, captures: read.captures }] : []
  })
  return { listing, placement, objects }
}

function withoutTime(keys: readonly string[], { store, commands }: InferOptions): InvalidInputError {
  const above = folderAbove(keys, store.location)
  if (above !== undefined) {
    const message = `${store.location} lies inside a folder of its time, and its keys do not say the rest of it; expected ${commands.from(above)}`
    return new InvalidInputError(message)
  }
  const examples = keys.slice(0, 3).join(', ')
  return new InvalidInputError(
    `keys in ${store.location} name no time (${examples}); hindcast needs folders such as dt=2024-01-05/ or 2024/01/05/. ` +
      `To link each file into a folder of the day on which it was last changed, and have its rows split by event time: ${commands.layOut}`,
  )
}

/** The folder above the location whose keys name a whole time. */
function folderAbove(keys: readonly string[], location: string): string | undefined {
  const names = location.split('/')
  for (let count = 1; count <= 4 && count < names.length - 1; count++) {
    const prefix = names.slice(-count).join('/')
    if (inferKey(keys.map((key) => `${prefix}/${key}`)).kind === 'folders') return names.slice(0, -count).join('/')
  }
  return undefined
}

/** Columns that two sets have in common, of all that they have, below which they are not one data set. */
const SAME_MIN = 0.5

/**
 * Folders before the time may be those of other data sets: then their columns differ.
 * @throws InvalidInputError naming a few, with what to type.
 */
export function refuseSeveralSets({ placed, store, commands }: Inference, { objects, fields }: SampledColumns): void {
  const { template, captures } = placed.placement.guess
  for (const { name } of captures.filter(({ isLeading }) => isLeading)) {
    const sets = new Map<string, Set<string>>()
    for (const [index, { captures: values }] of objects.entries()) {
      const columns = fields.filter(({ present }) => present[index]).map(({ at }) => at.join('.'))
      sets.set(values[name] ?? '', new Set([...(sets.get(values[name] ?? '') ?? []), ...columns]))
    }
    const differs = [...sets.values()].some((set, _, [first = new Set()]) => overlap(first, set) < SAME_MIN)
    if (!differs) continue
    const prefix = template.text.slice(0, template.text.indexOf(`{${name}}`))
    const paths = [...sets.keys()].sort().map((value) => `${store.location}/${prefix}${value}`)
    const lines = paths.slice(0, 3).map((path) => commands.from(path))
    throw new InvalidInputError(
      `${store.location} holds ${sets.size} data sets with different columns; expected one: ${lines.join('; or ')}`,
    )
  }
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const all = new Set([...a, ...b]).size
  return all === 0 ? 1 : [...a].filter((name) => b.has(name)).length / all
}
