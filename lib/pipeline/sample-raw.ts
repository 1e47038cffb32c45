import { DataError, HindcastError } from '../model/errors.ts'
import type { LeftOut } from '../model/infer/data-guess.ts'
import type { PlacedObject } from './infer-placement.ts'
import type { Inference, SampledObject } from './infer-source.ts'

/** Brings the chosen objects here; those that cannot be read are listed. @throws DataError where none can. */
export async function sampleObjects(
  { folder, placed, store }: Pick<Inference, 'folder' | 'placed' | 'store'>,
  chosen: readonly PlacedObject[],
): Promise<{ readonly objects: readonly SampledObject[]; readonly unreadable: readonly LeftOut[] }> {
  const objects: SampledObject[] = []
  const unreadable: LeftOut[] = []
  for (const object of chosen) {
    try {
      objects.push({ ...object, brought: await folder.bring(object.info, placed.listing.kind) })
    } catch (error) {
      unreadable.push(unreadableBy(object.info.key, error))
    }
  }
  refuseAll(store.location, objects.length, unreadable)
  return { objects, unreadable }
}

/** What is wrong with one object of the sample. @throws an error that the data does not explain. */
export function unreadableBy(key: string, error: unknown): LeftOut {
  if (error instanceof HindcastError && error.name === 'DataError') return { name: key, reason: error.message }
  throw error
}

/** @throws DataError where nothing is left to look at. */
export function refuseAll(location: string, readable: number, unreadable: readonly LeftOut[]): void {
  const [first] = unreadable
  if (readable === 0)
    throw new DataError(`none of ${unreadable.length} sampled objects in ${location} can be read: ${first?.reason ?? 'there is none'}`)
}
