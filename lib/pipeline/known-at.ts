/** Which partition a label reads at a time, and whether the bytes that stood there then still do. */

import type { Lake } from '../lake/lake.ts'
import { listOutputs, NO_OUTPUTS } from '../lake/outputs.ts'
import type { Feature } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { newestKnown } from '../model/known-partitions.ts'
import { viewCalendar } from '../model/view.ts'
import type { Instant } from '../model/zone.ts'
import { readReceipt } from './partition-state.ts'

/** Times are ISO. */
export interface KnownAt {
  readonly time: string
  readonly partition: string
  readonly end: string
  readonly availableAfterMs: number
  /** From `end + available_after` on labels read it, until the next one is known. */
  readonly from: string
  readonly until: string
  /** Nothing stood there at that time: it was first written later. What stands is what a backfill gives. */
  readonly firstWritten?: string
}

/**
 * The partition that a label at `time` reads. @throws InvalidInputError where nothing stands there, or where what stood there then was
 * overwritten since: nothing keeps those bytes.
 */
export async function knownAt(feature: Feature, time: Instant, { lake }: { readonly lake: Lake }): Promise<KnownAt> {
  const { version, settings } = feature
  const { availableAfterMs } = settings
  const calendar = viewCalendar(version)
  const partition = newestKnown({ calendar, availableAfterMs }, time)
  const next = calendar.partition(calendar.indexOf(partition.name) + 1)
  const iso = (at: Instant) => new Date(at).toISOString()
  const facts = (await listOutputs(lake.store, version, partition.name, partition.name)).get(partition.name) ?? NO_OUTPUTS
  const receipt = await readReceipt(lake.store, facts)
  const told = `a label at ${iso(time)} reads partition ${partition.name} of ${version.view}`
  if (!facts.output)
    throw new InvalidInputError(`${told}, and nothing stands there; hindcast explain ${version.view} ${partition.name} says why`)
  if (!receipt) throw new InvalidInputError(`${told}, and no receipt says since when its bytes stand there`)
  const standing = receipt.standing_since ?? receipt.written
  const isLater = Date.parse(receipt.first_written) > time
  if (!isLater && Date.parse(standing) > time) {
    throw new InvalidInputError(
      `${told}; its bytes of then were overwritten at ${standing} (first written at ${receipt.first_written}), and nothing keeps them. ` +
        `hindcast status ${version.view} --repairs says what changed; without --as-of the bytes of now are explained`,
    )
  }
  return {
    time: iso(time),
    partition: partition.name,
    end: iso(partition.end),
    availableAfterMs,
    from: iso(partition.end + availableAfterMs),
    until: iso(next.end + availableAfterMs),
    ...(isLater && { firstWritten: receipt.first_written }),
  }
}
