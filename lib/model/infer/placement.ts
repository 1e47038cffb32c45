import { type FoldersGuess, inferKey, readKey } from './infer-key.ts'
import { shapeOfKey } from './key-shape.ts'

/**
 * Where a source's objects stand in the lake. `whole`: as they are, behind one link. `files`: each in a place of its own, because keys name
 * their time in a way that no template reads, or because other files lie among them, or because they name no time at all.
 */
export interface Placement {
  readonly kind: 'whole' | 'files'
  /** Why not whole. */
  readonly reason?: string
  /** Keys below the source's folder by raw key; of a whole source each is its own. */
  readonly keyOf: ReadonlyMap<string, string>
  readonly guess: FoldersGuess
  /** The folders are those of the days on which files were last changed, for want of a time in their keys. */
  readonly isByChange: boolean
}

export interface PlaceOptions {
  /** Other files, of which a folder with data must hold none. */
  readonly others: readonly string[]
  /** Names that begin with `_`: where files get places of their own, those in folders with data go along. */
  readonly markers: readonly string[]
  /** The UTC day on which an object was last changed, for keys without a time. Without it they have no place. */
  readonly dayOf?: (key: string) => string
}

/** Finds places for the keys of data; undefined where they name no time and `dayOf` is not given. */
export function placeKeys(keys: readonly string[], { others, markers, dayOf }: PlaceOptions): Placement | undefined {
  const found = inferKey(keys)
  if (found.kind === 'folders') return placeFolders(keys, found, { others, markers })
  if (found.kind === 'files') {
    const keyOf = new Map([...found.folders].map(([key, folder]) => [key, `dt=${folder}/${withoutTimes(key)}`]))
    return placed(keys, { reason: found.reason, keyOf: apart(keyOf), isByChange: false })
  }
  if (!dayOf) return undefined
  const keyOf = new Map(keys.map((key) => [key, `dt=${dayOf(key)}/${key}`]))
  return placed(keys, { reason: 'keys name no time', keyOf, isByChange: true })
}

/** Data in folders of its time stays where it is, unless something else lies there too, which would be read as data. */
function placeFolders(keys: readonly string[], guess: FoldersGuess, { others, markers }: PlaceOptions): Placement {
  const isInside = (key: string) => readKey(guess.template, key) !== undefined
  const strays = others.filter(isInside)
  const keyOf = new Map(keys.map((key) => [key, key]))
  if (strays.length === 0) return { kind: 'whole', keyOf, guess, isByChange: false }
  const more = strays.length > 1 ? ` and ${strays.length - 1} more` : ''
  for (const key of markers.filter(isInside)) keyOf.set(key, key)
  return { kind: 'files', reason: `its folders also hold ${strays[0]}${more}, which is no data`, keyOf, guess, isByChange: false }
}

function placed(keys: readonly string[], rest: Pick<Placement, 'reason' | 'keyOf' | 'isByChange'>): Placement | undefined {
  const guess = inferKey([...rest.keyOf.values()])
  if (guess.kind !== 'folders') return undefined
  return { kind: 'files', ...rest, guess: { ...guess, unmatched: keys.filter((key) => !rest.keyOf.has(key)) } }
}

/** The folders of a key that say nothing of its time, and its name. */
function withoutTimes(key: string): string {
  const { parts } = shapeOfKey(key, { bareHours: false })
  const folders = key
    .split('/')
    .slice(0, -1)
    .filter((_, at) => parts[at]?.kind !== 'time')
  return [...folders, key.slice(key.lastIndexOf('/') + 1)].join('/')
}

/** Two keys that would have one place get names that say all of where they stood. */
function apart(keyOf: ReadonlyMap<string, string>): Map<string, string> {
  const counts = new Map<string, number>()
  for (const place of keyOf.values()) counts.set(place, (counts.get(place) ?? 0) + 1)
  return new Map(
    [...keyOf].map(([key, place]) => [
      key,
      counts.get(place) === 1 ? place : `${place.slice(0, place.indexOf('/'))}/${key.replaceAll('/', '-')}`,
    ]),
  )
}
