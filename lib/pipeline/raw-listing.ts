import type { ObjectInfo, ObjectStore } from '../lake/object-store.ts'
import { InvalidInputError } from '../model/errors.ts'
import { endingOf, type FormatKind, formatOfKey } from '../model/infer/sniff-format.ts'

/** Objects of a folder that nobody has described yet, told apart by their names. */
export interface RawListing {
  /** Objects of the format that most have; those whose name says nothing count as what their bytes say. */
  readonly data: readonly ObjectInfo[]
  readonly kind: FormatKind
  /** Everything else that would be read as data where it lies among them. */
  readonly others: readonly ObjectInfo[]
  /** Names that begin with `_`, which are no data: markers and bookkeeping of whoever wrote it. */
  readonly markers: readonly ObjectInfo[]
}

const OBJECTS_MAX = 1_000_000
/** What hindcast itself keeps in a lake. */
const OURS = /^(features|landed|registry|runs|quarantine|training)\//

/**
 * Lists all objects of a store and finds the data among them. `kindOf` looks into an object whose name does not tell its format.
 * @throws InvalidInputError where there is none, with what there is.
 */
export async function listRaw(store: ObjectStore, kindOf: (info: ObjectInfo) => Promise<FormatKind | undefined>): Promise<RawListing> {
  const all = await listOwnedByOthers(store)
  const [markers, named] = split(all, ({ key }) => key.split('/').some((part) => part.startsWith('_')))
  const groups = new Map<string, ObjectInfo[]>()
  for (const info of named) {
    const format = formatOfKey(info.key)
    // Without a byte there is no row in JSON lines; elsewhere there is no header or footer either.
    const group = format === 'other' || (info.size === 0 && format !== 'json') ? 'other' : (format ?? `.${endingOf(info.key)}`)
    const members = groups.get(group)
    if (members) members.push(info)
    else groups.set(group, [info])
  }
  const others = groups.get('other') ?? []
  groups.delete('other')
  const ranked = [...groups].sort(([, a], [, b]) => b.length - a.length)
  for (const [group, data] of ranked) {
    const kind = isKind(group) ? group : await firstKind(data, kindOf)
    if (kind) return { data, kind, markers, others: [...others, ...ranked.flatMap(([other, infos]) => (other === group ? [] : infos))] }
  }
  const [first] = named
  const found = first ? `${named.length} objects such as ${first.key}` : 'no object'
  throw new InvalidInputError(`${store.location} holds no data that hindcast can read; found ${found}, expected Parquet, JSON lines or CSV`)
}

async function listOwnedByOthers(store: ObjectStore): Promise<ObjectInfo[]> {
  const all: ObjectInfo[] = []
  for await (const page of store.list({ prefix: '' })) {
    for (const info of page) all.push(info)
    if (all.length > OBJECTS_MAX) {
      const expected = 'a sub-folder with one data set'
      throw new InvalidInputError(`${store.location} holds more than ${OBJECTS_MAX.toLocaleString('en-US')} objects; expected ${expected}`)
    }
  }
  const isLake = all.some(({ key }) => key === 'registry/engine.json')
  return isLake ? all.filter(({ key }) => !OURS.test(key)) : all
}

async function firstKind(data: readonly ObjectInfo[], kindOf: (info: ObjectInfo) => Promise<FormatKind | undefined>) {
  for (const info of [data.at(-1), data[0]]) {
    const kind = info && (await kindOf(info))
    if (kind) return kind
  }
  return undefined
}

function isKind(group: string): group is FormatKind {
  return group === 'csv' || group === 'json' || group === 'parquet'
}

function split<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  const [yes, no]: [T[], T[]] = [[], []]
  for (const item of items) (isFirst(item) ? yes : no).push(item)
  return [yes, no]
}
