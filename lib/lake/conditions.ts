import { ConflictError } from '../model/errors.ts'
import type { PutCondition } from './object-store.ts'

/** @throws ConflictError unless `found`, the ETag of the object or undefined where there is none, meets the condition. */
export function checkCondition(key: string, condition: PutCondition | undefined, found: string | undefined): void {
  if (condition === undefined) return
  if ('ifMatch' in condition) {
    if (found === condition.ifMatch) return
    throw new ConflictError(`object ${found === undefined ? 'is gone' : 'was replaced'}`, { key, expected: condition.ifMatch, found })
  }
  if (found !== undefined) throw new ConflictError('object exists already', { key, found })
}

/** @throws ConflictError when `ifMatch` is given and the object that stands there has another ETag. */
export function checkEtag(key: string, ifMatch: string | undefined, found: string): void {
  if (ifMatch !== undefined && ifMatch !== found) throw new ConflictError('object was replaced', { key, expected: ifMatch, found })
}
