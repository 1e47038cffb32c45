import type { Lake } from '../lake/lake.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Source } from '../model/source.ts'
import type { Instant } from '../model/zone.ts'

export interface ListingOptions {
  readonly lake: Lake
  readonly catalog: Catalog
  readonly now: Instant
  /** Called for keys of a source's range that its template does not fit. */
  readonly onUnmatched?: (source: Source, key: string) => void
}
