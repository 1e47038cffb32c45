import type { Catalog, Feature, InputBinding, SourceBinding, ViewSettings, ViewVersion } from '../../../lib/model/catalog.ts'
import { featureKey } from '../../../lib/model/catalog.ts'
import { parseKeyTemplate } from '../../../lib/model/key-template.ts'
import { Calendar, type Partition } from '../../../lib/model/partition.ts'
import type { Source, SourceColumn } from '../../../lib/model/source.ts'
import { versionOf } from '../../../lib/model/version.ts'
import { zoneNamed } from '../../../lib/model/zone.ts'
import type { RawRow } from './contents.ts'
import type { Random } from './random.ts'

/** Clocks of New York jump inside the days that follow. */
export const BASE = Date.UTC(2001, 2, 31)
const HOUR_MS = 3_600_000
/** Past the last tick, longer than a claim holds. */
export const LAST_MS = 2.5 * HOUR_MS

/** The graph of one schedule: sources `s` (event-time folders) and `a` (arrival folders), `u` over both, `d` over `u`. */
export interface Shape {
  readonly grain: 'hour' | 'day'
  readonly zone: string
  /** Folders of raw data, in time. */
  readonly folders: number
  readonly windowU: number
  readonly windowD: number
  /** Partitions of `a` that `d` reads by itself; 0: it does not. */
  readonly windowA: number
  readonly warmUp: 'skip' | 'compute'
  readonly started: boolean
  readonly waitMs: number
  /** Outputs say so little that different inputs often give the same bytes. */
  readonly lossy: boolean
  readonly etags: 'content' | 'unique'
}

export function drawShape(random: Random): Shape {
  const grain = random.pick(['hour', 'day'] as const)
  const started = random.chance(0.75)
  return {
    grain,
    zone: grain === 'day' && random.chance(0.3) ? 'America/New_York' : 'UTC',
    folders: random.int(2, 4),
    windowU: random.pick([1, 2, 3, 3]),
    windowD: random.pick([1, 2, 2, 3]),
    windowA: random.pick([0, 0, 1, 2]),
    warmUp: started && random.chance(0.2) ? 'skip' : 'compute',
    started,
    waitMs: random.pick([0, 0, (grain === 'hour' ? HOUR_MS : 24 * HOUR_MS) / 4]),
    lossy: random.chance(0.35),
    etags: random.chance(0.3) ? 'unique' : 'content',
  }
}

export function grainMs(shape: Shape): number {
  return shape.grain === 'hour' ? HOUR_MS : 24 * HOUR_MS
}

/** The end of everything: every folder has ended, every grace is over, every claim has expired. */
export function lastNow(shape: Shape): number {
  return BASE + shape.folders * grainMs(shape) + LAST_MS
}

/** The partitions that have ended at `now`, from the one that holds the base on. */
export function endedPartitions(shape: Shape, now: number): Partition[] {
  const calendar = new Calendar(shape.grain, zoneNamed(shape.zone))
  return calendar.touching(BASE, now).filter((partition) => partition.end <= now)
}

const COLUMNS: readonly SourceColumn[] = [
  { name: 'k', type: 'VARCHAR' },
  { name: 'ts', type: 'TIMESTAMPTZ' },
  { name: 'x', type: 'BIGINT' },
  { name: 'y', type: 'DOUBLE' },
]
const EVENT_TIME = { column: 'ts', zone: 'UTC' }
const FORMAT = { kind: 'parquet', compression: 'auto' } as const

function sourceOf(shape: Shape, name: 's' | 'a'): Source {
  const folder = shape.grain === 'hour' ? '{yyyy}-{MM}-{dd}-{HH}' : '{yyyy}-{MM}-{dd}'
  return {
    kind: 'source',
    name,
    file: `${name}.source.yaml`,
    description: name,
    key: parseKeyTemplate(`raw/${name}/${folder}/`),
    keyZone: 'UTC',
    format: FORMAT,
    eventTime: EVENT_TIME,
    folders: name === 's' ? 'event_time' : 'arrival',
    columns: COLUMNS,
    ...(shape.started && { start: BASE }),
    gaps: 'empty',
    waitMs: shape.waitMs,
    badRows: { maxShare: 0 },
  }
}

function window(shape: Shape, count: number) {
  return { kind: 'duration', length: { count, unit: shape.grain } } as const
}

function sourceBinding(shape: Shape, source: 's' | 'a', count: number): SourceBinding {
  return { kind: 'source', name: source, window: window(shape, count), source, columns: COLUMNS, eventTime: EVENT_TIME, format: FORMAT }
}

function featureOf(shape: Shape, view: string, sql: string, inputs: readonly InputBinding[]): Feature {
  const { grain, zone, warmUp } = shape
  const frozen = { entity: ['k'], grain, zone, warmUp, inputs }
  const numbers: ViewVersion['schema'] = shape.lossy
    ? [{ name: 'n', type: 'BIGINT' }]
    : [
        { name: 'n', type: 'HUGEINT' },
        { name: 's', type: 'HUGEINT' },
        { name: 'f', type: 'DOUBLE' },
      ]
  const version: ViewVersion = {
    format: 1,
    view,
    version: versionOf(frozen, sql),
    sql,
    ...frozen,
    schema: [{ name: 'k', type: 'VARCHAR' }, ...numbers],
  }
  return { version, settings: settingsOf(shape) }
}

function settingsOf(shape: Shape): ViewSettings {
  const repairMs = (shape.folders + 4) * grainMs(shape)
  return { description: '', expect: [], warn: [], nonFinite: 'refuse', badRows: {}, repairMs, availableAfterMs: 0, columns: {}, absent: {} }
}

/** The catalog that registering the definitions would give. */
export function catalogOf(shape: Shape): Catalog {
  const rows = `SELECT k, 1::BIGINT AS n, x AS s, y AS f FROM`
  const sum = shape.lossy
    ? `SELECT 'all' AS k, (coalesce(sum(n), 0) % 3)::BIGINT AS n FROM`
    : `SELECT k, sum(n) AS n, sum(s) AS s, sum(f) AS f FROM`
  const group = shape.lossy ? '' : 'GROUP BY k'
  const u = featureOf(shape, 'u', `${sum} (${rows} s UNION ALL ${rows} a) ${group}`, [
    sourceBinding(shape, 's', shape.windowU),
    sourceBinding(shape, 'a', shape.windowU),
  ])
  const fromU: InputBinding = {
    kind: 'view',
    name: 'u',
    window: window(shape, shape.windowD),
    view: 'u',
    version: u.version.version,
    schema: u.version.schema,
    grain: shape.grain,
    zone: shape.zone,
  }
  const inputs = shape.windowA > 0 ? [fromU, sourceBinding(shape, 'a', shape.windowA)] : [fromU]
  const columns = shape.lossy ? 'k, n' : 'k, n, s, f'
  const extra = shape.windowA > 0 ? `UNION ALL SELECT ${columns} FROM (${rows} a)` : ''
  const d = featureOf(shape, 'd', `${sum} (SELECT ${columns} FROM u ${extra}) ${group}`, inputs)
  const features = [u, d].map((feature) => [featureKey(feature.version.view, feature.version.version), feature] as const)
  return {
    sources: new Map([sourceOf(shape, 's'), sourceOf(shape, 'a')].map((source) => [source.name, source])),
    features: new Map(features),
    candidates: new Map([u, d].map(({ version }) => [version.view, version.version])),
  }
}

/** One thing that the world does to the pipeline. */
export type Action =
  | { readonly kind: 'tick' | 'sweep' | 'run' }
  | { readonly kind: 'put'; readonly key: string; readonly rows: readonly RawRow[] }
  | { readonly kind: 'delete'; readonly key: string }

export function folderName(shape: Shape, folder: number): string {
  return new Calendar(shape.grain, zoneNamed('UTC')).at(BASE + folder * grainMs(shape)).name
}

/** What happens, in an order that is drawn: objects come, come again, are replaced and deleted; the clock ticks in half partitions. */
export function drawActions(shape: Shape, random: Random, options: { readonly pure: boolean; readonly ticks: number }): Action[] {
  const folders = [...Array(shape.folders).keys()]
  const ofS = folders.flatMap((folder) =>
    ['0', '1'].slice(0, random.int(1, 2)).map((name) => ({ folder, key: keyOf(shape, 's', folder, name) })),
  )
  const ofA = ['0', '1'].map((name) => {
    const folder = random.int(0, shape.folders - 1)
    return { folder, key: keyOf(shape, 'a', folder, name) }
  })
  const hot = random.sample([...ofS, ...ofA, ...ofA], random.int(1, 4))
  const actions: Action[] = []
  for (let count = random.int(1, 8); count > 0; count--) {
    const { key, folder } = random.pick(hot)
    if (!options.pure && random.chance(0.15)) actions.push({ kind: 'delete', key })
    else actions.push({ kind: 'put', key, rows: drawRows(shape, random, { key, folder }) })
  }
  if (options.pure) return actions
  const add = (kind: 'tick' | 'sweep' | 'run', count: number) => {
    for (let at = 0; at < count; at++) actions.push({ kind })
  }
  add('tick', options.ticks)
  add('sweep', random.pick([0, 0, 1, 2]))
  add('run', random.pick([0, 0, 1, 1, 2]))
  return random.shuffle(actions)
}

/** The same with all that happens to the arrival source happening to one object, so that its landers meet. */
export function onOneObject(actions: readonly Action[]): Action[] {
  const key = actions.flatMap((action) => ('key' in action && action.key.startsWith('raw/a/') ? [action.key] : []))[0]
  return actions.map((action) => (key !== undefined && 'key' in action && action.key.startsWith('raw/a/') ? { ...action, key } : action))
}

function keyOf(shape: Shape, source: 's' | 'a', folder: number, name: string): string {
  return `raw/${source}/${folderName(shape, folder)}/${name}.parquet`
}

/**
 * One row per partition on its bounds or between; an event-time folder's lie in it, nearly always. Two values for each place, so that
 * contents come again, within a schedule and over all of them.
 */
function drawRows(shape: Shape, random: Random, object: { readonly key: string; readonly folder: number }): RawRow[] {
  const first = object.key.endsWith('/0.parquet')
  const ofS = object.key.startsWith('raw/s/')
  const all = [...Array(shape.folders).keys()]
  const folders = ofS ? [object.folder] : random.sample(all, random.int(1, Math.min(3, shape.folders))).sort((a, b) => a - b)
  return folders.map((at) => {
    const stray = ofS && random.chance(0.03) ? 1 : 0
    const offset = first === ofS ? [0, 0.5][at % 2] : [0.5, 1 - 1 / grainMs(shape)][at % 2]
    return { k: first ? 'p' : 'q', t: BASE + Math.round((at + stray + (offset ?? 0)) * grainMs(shape)), x: random.int(1, 2) }
  })
}
