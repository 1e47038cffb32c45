import type { Lake } from '../lake/lake.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Instant } from '../model/zone.ts'
import type { UnmatchedKeys } from './unmatched.ts'

export interface ListingOptions {
  readonly lake: Lake
  readonly catalog: Catalog
  readonly now: Instant
  /** Takes note of the keys that the template of a source does not fit. */
  readonly unmatched?: UnmatchedKeys | undefined
}
