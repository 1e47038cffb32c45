import type { ObjectStore } from '../../lake/object-store.ts'
import type { ViewVersion } from '../../model/catalog.ts'

/** Refused outputs that a view has in quarantine. */
export interface Quarantine {
  readonly objects: number
  readonly bytes: number
  /** Keys of the newest partitions' objects. */
  readonly newest: readonly string[]
}

const NAMED_MAX = 5

export async function readQuarantine(store: ObjectStore, { view, version }: ViewVersion): Promise<Quarantine> {
  let [objects, bytes] = [0, 0]
  const newest: string[] = []
  for await (const page of store.list({ prefix: `quarantine/${view}/v=${version}/` })) {
    for (const { key, size } of page) {
      objects++
      bytes += size
      newest.unshift(key)
      newest.length = Math.min(newest.length, NAMED_MAX)
    }
  }
  return { objects, bytes, newest }
}
