import prettyBytes from 'pretty-bytes'
import type { Expiry } from '../pipeline/retention/expiry.ts'
import type { PreAggregate } from '../pipeline/retention/pre-aggregates.ts'
import type { ClassCost, Retention, SourceRetention } from '../pipeline/retention/retention.ts'
import { count, renderTable, usd } from './table.ts'

/** What raw data costs and who needs it, for a person. */
export function renderRetention(found: Retention): string {
  return [...found.sources.flatMap((source) => renderSource(source, found)), ...renderExpiry(found)].join('\n')
}

function renderSource(source: SourceRetention, { raw, prices }: Retention): string[] {
  const { size, key, folders } = source
  const range = size.first === undefined ? 'no data' : `${size.first}..${size.last}`
  return [
    `${source.source}: ${key}, ${range}: ${count(size.objects, 'object')}, ${prettyBytes(size.bytes)}; ${prettyBytes(size.perDay.bytes)} a day of late`,
    `  ${source.keep === undefined ? 'keep: nothing expires' : `keep: ${source.keep}, older folders count as expired`}`,
    ...(folders === 'arrival'
      ? ['  views read what was landed, which outlives the raw objects; a folder of time without any landed row does expire']
      : []),
    ...indented(renderCosts(source.costs, raw, prices)),
    ...indented(renderReach(source)),
    ...source.preAggregates.map((one) => `  ${renderPreAggregate(one, source.source)}`),
  ]
}

function renderCosts(costs: readonly ClassCost[], raw: number | undefined, { region, date }: Retention['prices']): string {
  const ruled = raw === undefined ? [] : [`>kept ${raw} days`]
  const rows = costs.map(({ name, usd: all, ruledUsd, daysMin, readGbUsd }) => [
    name,
    `${usd(all)}`,
    ...(raw === undefined ? [] : [usd(ruledUsd ?? 0)]),
    daysMin === 0 ? '' : `paid for ${daysMin} days at least`,
    readGbUsd === undefined ? 'has to be restored before it can be read' : readGbUsd === 0 ? '' : `${usd(readGbUsd)} per GB read`,
  ])
  return renderTable([`per month (${region}, ${date})`, '>all there is', ...ruled, '', ''], rows)
}

function renderReach({ reach, source }: SourceRetention): string {
  if (reach.length === 0) return `no view reads ${source}`
  const rows = reach.map(({ view, version, published, window, oldest, days, repairOldest, repairDays }) => [
    view,
    published ? `${version} (published)` : version,
    window,
    oldest === undefined ? 'the newest folder' : `${oldest} (${count(days ?? 0, 'day')})`,
    repairOldest === undefined ? '' : `${repairOldest} (${count(repairDays ?? 0, 'day')})`,
  ])
  return renderTable(['view', 'version', 'window', 'reads back to', 'with repairs by live'], rows)
}

function renderPreAggregate(one: PreAggregate, source: string): string {
  const { view, grain, entity, partitions, first, last, gaps, bytes, rawBytes } = one
  const what = `${view} holds ${source} by ${grain} and ${entity.join(', ')}`
  if (first === undefined) return `${what}: nothing stands yet; hindcast backfill ${view} while the raw data is there`
  const smaller = bytes > 0 && rawBytes > 0 ? `, ${times(rawBytes / bytes)} ${prettyBytes(rawBytes)} of raw data` : ''
  const holes = gaps > 0 ? `, ${count(gaps, 'gap')}` : ''
  return `${what}: ${first}..${last} (${count(partitions, 'partition')}${holes}), ${prettyBytes(bytes)}${smaller}`
}

function times(factor: number): string {
  return factor >= 1 ? `${factor.toFixed(1)} times smaller than the` : `${(1 / factor).toFixed(1)} times larger than the`
}

function renderExpiry({ raw, expiry }: Retention): string[] {
  if (raw === undefined) return []
  if (expiry.length === 0) return [`kept ${count(raw, 'day')}: every view goes on, and all that stands could still be recomputed`]
  return [`kept ${count(raw, 'day')}:`, ...expiry.flatMap(renderOne)]
}

function renderOne(one: Expiry): string[] {
  const { view, version, published, blocked, kept, first, last, repair } = one
  const name = `${view} ${version}${published ? ' (published)' : ''}`
  const range = first === last ? first : `${first}..${last}`
  return [
    ...(blocked === undefined ? [] : [`  blocked: ${name} gets no more partitions: ${blocked}`]),
    ...(kept === 0
      ? []
      : [`  kept: ${name}: ${count(kept, 'partition')} ${range} are served as they are, and can no longer be recomputed`]),
    ...(repair === 0 ? [] : [`    live repairs ${repair} of them by itself today`]),
  ]
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`)
}
