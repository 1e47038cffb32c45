import { groupBy } from './group-by.ts'

/** An object by its key, its folder and the segments of its key that become columns. */
export interface Samplable {
  readonly key: string
  readonly folder: string
  readonly captures: Readonly<Record<string, string>>
}

const CAPTURES = 8

/**
 * Objects to look into, in order of their folders: of folders that are spread evenly over the whole, the first, the middle and the newest
 * among them, one each, another in turn; and one for each value of a segment that would be left out, as far as there are few.
 */
export function chooseSample<T extends Samplable>(objects: readonly T[], count: number): T[] {
  const folders = groupBy(objects, ({ folder }) => folder)
  const names = [...folders.keys()].sort()
  const chosen = new Set<T>()
  for (const [turn, at] of spread(names.length, count).entries()) {
    const within = folders.get(names[at] ?? '') ?? []
    const object = within[turn % within.length]
    if (object) chosen.add(object)
  }
  // One folder with many objects: they are all there is.
  if (names.length < count) for (const at of spread(objects.length, count - names.length)) addAt(chosen, objects, at)
  for (const object of missingCaptures(objects, chosen)) chosen.add(object)
  return [...chosen].sort((a, b) => (a.folder === b.folder ? compare(a.key, b.key) : compare(a.folder, b.folder)))
}

/** `count` places from 0 on, spread evenly, the first and the last among them. */
function spread(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, at) => at)
  return Array.from({ length: count }, (_, at) => (count === 1 ? 0 : Math.round((at * (length - 1)) / (count - 1))))
}

function addAt<T>(chosen: Set<T>, objects: readonly T[], at: number): void {
  const object = objects[at]
  if (object !== undefined) chosen.add(object)
}

function missingCaptures<T extends Samplable>(objects: readonly T[], chosen: ReadonlySet<T>): T[] {
  const seen = new Set([...chosen].flatMap(namesOf))
  const found: T[] = []
  for (const object of objects) {
    if (found.length >= CAPTURES) break
    const fresh = namesOf(object).filter((name) => !seen.has(name))
    if (fresh.length === 0) continue
    for (const name of fresh) seen.add(name)
    found.push(object)
  }
  return found
}

function namesOf({ captures }: Samplable): string[] {
  return Object.entries(captures).map(([name, value]) => `${name}=${value}`)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
