import { outputKey, partitionPrefix } from '../lib/lake/keys.ts'
import { openMemoryStore } from '../lib/lake/memory-store.ts'
import type { ObjectStore } from '../lib/lake/object-store.ts'
import { listAll } from '../lib/lake/object-store.ts'
import { receiptName } from '../lib/lake/receipts.ts'
import type { Catalog } from '../lib/model/catalog.ts'
import { hashOf } from '../lib/model/hash.ts'
import { Calendar } from '../lib/model/partition.ts'
import { zoneNamed } from '../lib/model/zone.ts'
import { InputListing } from '../lib/pipeline/input-listing.ts'
import type { BackfillRequest } from '../lib/pipeline/request.ts'
import { scopeOf } from '../lib/pipeline/scope.ts'

/** 10 views of 10,000 partitions each: days of 27 years in a zone with DST, hours of 14 months, two levels. */
export const SYNTHETIC = { first: '1998-01-01', days: 10_000, hours: 10_000, now: Date.parse('2030-01-01T00:00:00Z') }

export const ZONE = 'America/New_York'

/** A lake with the raw objects of both sources and nothing else. */
export async function rawLake(): Promise<ObjectStore> {
  const store = openMemoryStore()
  const [days, hours] = [new Calendar('day', zoneNamed(ZONE)), new Calendar('hour', zoneNamed('UTC'))]
  const [firstDay, firstHour] = [days.indexOf(SYNTHETIC.first), hours.indexOf(`${SYNTHETIC.first}-00`)]
  const put = (folder: string) => store.put(`${folder}/part-0.parquet`, Buffer.from(folder))
  for (let at = 0; at < SYNTHETIC.days; at++) await put(`days/dt=${days.name(firstDay + at)}`)
  for (let at = 0; at < SYNTHETIC.hours; at++) {
    const name = hours.name(firstHour + at)
    await put(`hours/dt=${name.slice(0, 10)}/${name.slice(11)}`)
  }
  return store
}

export const ENGINE = { build: { id: '0123456789ab' } }

/** Requests for all partitions: days and hours reach differently far. */
export function syntheticRequests(catalog: Catalog): BackfillRequest[] {
  const views = [...catalog.candidates.keys()]
  const [days, hours] = [new Calendar('day', zoneNamed(ZONE)), new Calendar('hour', zoneNamed('UTC'))]
  const last = (calendar: Calendar, first: string, count: number) => calendar.name(calendar.indexOf(first) + count - 1)
  const common = { with: 'none', reprocess: 'stale', missingInputs: 'block', reason: 'bench' } as const
  return [
    {
      ...common,
      views: views.filter((view) => view.startsWith('day')),
      period: { from: SYNTHETIC.first, to: last(days, SYNTHETIC.first, SYNTHETIC.days) },
    },
    {
      ...common,
      views: views.filter((view) => view.startsWith('hour')),
      period: { from: `${SYNTHETIC.first}-00`, to: last(hours, `${SYNTHETIC.first}-00`, SYNTHETIC.hours) },
    },
  ]
}

/** Puts the output and the receipt of every partition, as a backfill leaves them. */
export async function completeLake(store: ObjectStore, catalog: Catalog): Promise<void> {
  const lake = { store, bucket: () => store }
  for (const request of syntheticRequests(catalog)) {
    // What is read by others comes first, so each listing sees the outputs below it.
    for (const scope of scopeOf(request, catalog, SYNTHETIC.now)) {
      const listing = await InputListing.load({ lake, catalog, now: SYNTHETIC.now }, [scope])
      const { view, version } = scope.feature.version
      for (const partition of scope.partitions) {
        const { fingerprint } = listing.inputs(scope.feature, partition)
        const body = Buffer.from(`${view} ${partition.name}`)
        const { etag } = await store.put(outputKey(view, version, partition.name), body)
        const receipt = { fingerprint, engine: ENGINE.build.id, sha256: hashOf([view, partition.name], 64), etag }
        await store.put(partitionPrefix(view, version, partition.name) + receiptName(receipt), Buffer.from('{}'))
      }
    }
  }
}

/** Every object as a line of text, to be laid again by `layLake` in a process that computed nothing. */
export async function renderLake(store: ObjectStore): Promise<string> {
  const lines: string[] = []
  for (const { key } of await listAll(store, { prefix: '' })) {
    const found = await store.get(key)
    lines.push(`${key}\t${Buffer.from(found?.bytes ?? []).toString()}`)
  }
  return lines.join('\n')
}

export async function layLake(lines: AsyncIterable<string>): Promise<ObjectStore> {
  const store = openMemoryStore()
  for await (const line of lines) {
    const [key = '', body = ''] = line.split('\t')
    await store.put(key, Buffer.from(body))
  }
  return store
}

/** What `renderCatalog` wrote. */
export function parseCatalog(text: string): Catalog {
  const { sources, features, candidates } = JSON.parse(text) as Record<keyof Catalog, never[]>
  return { sources: new Map(sources), features: new Map(features), candidates: new Map(candidates) }
}
