import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import { outputKey } from '../../lib/lake/keys.ts'
import { openMemoryStore } from '../../lib/lake/memory-store.ts'
import type { ObjectStore } from '../../lib/lake/object-store.ts'
import { Calendar, type Grain, type Partition } from '../../lib/model/partition.ts'
import type { LabelTime, Training, TrainingFeature } from '../../lib/model/training.ts'
import { count } from '../../lib/model/words.ts'
import { zoneNamed } from '../../lib/model/zone.ts'
import { checkTraining } from '../../lib/pipeline/check-training-set.ts'
import { train } from '../../lib/pipeline/train.ts'
import { openTestEngine } from '../support/house.ts'
import { type MadeView, parquetOf, publishViews, putOutputs, readParts } from '../support/training-lake.ts'

/** Training sets over made-up views, held against a nested loop that looks at each label alone, and at every partition for it. */

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NEW_YORK = 'America/New_York'
/** Clocks change in New York on 2001-04-01 and in London on 2001-03-25; in Sao Paulo they had on 2001-02-18, at midnight. */
const START = Date.parse('2001-02-10T00:00:00Z')
const ENTITIES = ['a', 'b', 'c', "d'e"]

interface CaseView {
  readonly grain: Grain
  readonly zone: string
  readonly offset: number
  readonly availableAfterMs: number
  readonly carryMs: number | undefined
  readonly absent: boolean
  readonly pair: boolean
  /** Per partition: not there, or which entities are in it (bits). */
  readonly partitions: readonly (number | 'hole')[]
}

interface CaseLabel {
  /** Where in the time that one of the views covers. */
  readonly view: number
  readonly share: number
  readonly snap: 'no' | 'cut' | 'before'
  readonly entity: number
  readonly other: number
}

interface Case {
  readonly views: readonly CaseView[]
  readonly features: readonly { readonly view: number; readonly carry: 'view' | 'none' | number }[]
  readonly labels: readonly CaseLabel[]
  readonly time: 'zoned' | 'naive' | 'start_of_day' | 'end_of_day' | 'ms'
  readonly zone: string
  readonly partRows: number
  readonly threads: number
  /** Every so-many-th partition is gone when the set is checked later. */
  readonly gone: number
}

const zoneName = fc.constantFrom('UTC', NEW_YORK, 'Europe/London', 'America/Sao_Paulo', 'Asia/Kathmandu')
const view: fc.Arbitrary<CaseView> = fc.record({
  grain: fc.constantFrom<Grain>('hour', 'day', 'day', 'month'),
  zone: zoneName,
  offset: fc.integer({ min: -1, max: 3 }),
  availableAfterMs: fc.oneof(fc.constantFrom(0, HOUR / 2, HOUR, DAY, 3 * DAY), fc.nat(50 * HOUR)),
  carryMs: fc.option(fc.oneof(fc.constantFrom(HOUR, DAY, 2 * DAY, 7 * DAY, 90 * DAY), fc.integer({ min: 1, max: 30 * DAY })), {
    nil: undefined,
  }),
  absent: fc.boolean(),
  pair: fc.boolean(),
  partitions: fc.array(
    fc.oneof(
      { weight: 15, arbitrary: fc.constantFrom(...Array.from({ length: 16 }, (_, bits) => bits)) },
      { weight: 1, arbitrary: fc.constant('hole' as const) },
    ),
    {
      minLength: 8,
      maxLength: 30,
    },
  ),
})
const label: fc.Arbitrary<CaseLabel> = fc.record({
  view: fc.nat(2),
  share: fc.integer({ min: -50, max: 1050 }).map((permille) => permille / 1000),
  snap: fc.constantFrom('no', 'no', 'cut', 'before'),
  entity: fc.constantFrom(-1, 0, 0, 1, 1, 2, 2, 3, 3, 4),
  other: fc.constantFrom(1, 1, 1, 2),
})
const cases: fc.Arbitrary<Case> = fc.record({
  views: fc.array(view, { minLength: 1, maxLength: 3 }),
  features: fc.array(
    fc.record({
      view: fc.nat(2),
      carry: fc.oneof(fc.constant<'view'>('view'), fc.constant<'none'>('none'), fc.constantFrom(DAY, 10 * DAY)),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  labels: fc.array(label, { minLength: 1, maxLength: 80, size: 'max' }),
  time: fc.constantFrom('zoned', 'naive', 'start_of_day', 'end_of_day', 'ms'),
  zone: zoneName,
  partRows: fc.constantFrom(9, 30, 1000),
  threads: fc.constantFrom(1, 2),
  gone: fc.constantFrom(2, 5, 11, 1000),
})

let engine: LocalEngine
beforeAll(() => {
  engine = openTestEngine()
})
afterAll(() => engine.close())

it('every label reads what was known at its time, once and in order', async () => {
  await fc.assert(fc.asyncProperty(cases, check), { numRuns: 40 })
})

/** Removes partitions of every view and holds what `train --check` says against the nested loop. */
async function checkLater(
  store: ObjectStore,
  { gone, threads }: Case,
  tables: readonly Table[],
  expected: readonly (readonly Expected[])[],
) {
  const removed = new Set<string>()
  for (const { made, rows } of tables) {
    for (const [at, name] of [...rows.keys()].entries()) {
      if ((at + 1) % gone !== 0) continue
      await store.delete(outputKey(made.view, made.version, name))
      removed.add(`${made.view} ${name}`)
    }
  }
  const isAffected = (one: Expected) => one.reads.some((name) => removed.has(name))
  const checked = await checkTraining({ name: 'set' }, { lake: { store, bucket: () => store }, engine, threads })
  expect(checked.affected).toBe(expected.filter((all) => all.some(isAffected)).length)
  expect(checked.views.map(({ labels }) => labels)).toEqual(
    checked.views.map((_, at) => expected.filter((all) => all[at] && isAffected(all[at])).length),
  )
}

/** A view of a case with all that stands in its table. */
interface Table {
  readonly made: MadeView
  readonly given: CaseView
  readonly calendar: Calendar
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, Values>>
  readonly partitions: readonly Partition[]
}

interface Values {
  readonly n: number
  readonly x: number | null
  readonly at: string
}

async function check(given: Case): Promise<void> {
  const store = openMemoryStore()
  const tables = given.views.map(tableOf)
  await publishViews(
    store,
    tables.map(({ made }) => made),
  )
  for (const table of tables) await putOutputs(store, table.made, rowsSql(table), [...table.rows.keys()])
  const training = trainingOf(given, tables)
  const labels = given.labels.map((one) => timed(one, given, tables))
  await store.put('labels.parquet', await parquetOf(labelsSql(labels, given)))
  const request = {
    training,
    lineOf: () => 1,
    run: 'run',
    labels: { key: 'labels.parquet' },
    versions: new Map<string, string>(),
    partRows: given.partRows,
  }
  const effects = { lake: { store, bucket: () => store }, engine, threads: given.threads, now: () => Date.parse('2030-01-01T00:00:00Z') }
  const expected = labels.map((one) => lookUp(one, training, tables))
  const uncovered = expected.filter((states) => states.some(({ state }) => state === 'no_partition')).length
  if (uncovered > 0) {
    await expect(train({ ...request, allowUncovered: false }, effects)).rejects.toThrow(
      `${uncovered} of ${count(labels.length, 'label')} ask for`,
    )
  }
  const manifest = await train({ ...request, run: 'allowed', allowUncovered: uncovered > 0 }, effects)
  const rows = await readParts(
    store,
    manifest.files.map(({ key }) => key),
  )
  expect(rows.map((row) => [row.id, row.entity, row.other])).toEqual(labels.map((one, at) => [String(at), one.entity, one.other]))
  expect(rows.map((row) => training.features.map(({ as }) => found(row, as)))).toEqual(expected.map((all) => all.map(rendered)))
  for (const [at, { states }] of manifest.views.entries()) {
    for (const [state, count] of Object.entries(states)) expect(count).toBe(expected.filter((all) => all[at]?.state === state).length)
  }
  await checkLater(store, given, tables, expected)
}

function tableOf(given: CaseView, at: number): Table {
  const zone = given.grain === 'hour' ? 'UTC' : given.zone
  const calendar = new Calendar(given.grain, zoneNamed(zone))
  const first = calendar.indexAt(START) + given.offset
  const partitions = given.partitions.map((_, index) => calendar.partition(first + index))
  const rows = new Map<string, Map<string, Values>>()
  for (const [index, entities] of given.partitions.entries()) {
    const partition = partitions[index]
    if (entities === 'hole' || !partition) continue
    const inside = new Map<string, Values>()
    for (const [bit, entity] of ENTITIES.entries()) {
      const n = index * 10 + bit
      if (entities & (1 << bit)) inside.set(entity, { n, x: n % 3 === 0 ? null : n / 4, at: new Date(partition.start).toISOString() })
    }
    rows.set(partition.name, inside)
  }
  const schema = [
    { name: 'n', type: 'BIGINT' },
    { name: 'key', type: 'VARCHAR' },
    { name: 'x', type: 'DOUBLE' },
    ...(given.pair ? [{ name: 'key2', type: 'INTEGER' }] : []),
    { name: 'at', type: 'TIMESTAMP WITH TIME ZONE' },
  ]
  const settings = {
    availableAfterMs: given.availableAfterMs,
    ...(given.carryMs !== undefined && { carryMs: given.carryMs }),
    absent: given.absent ? { n: -1, x: '0.5' } : {},
  }
  const entity = given.pair ? ['key2', 'key'] : ['key']
  return {
    made: { view: `v${at}`, version: `00000000000${at}`, grain: given.grain, zone, entity, schema, settings },
    given,
    calendar,
    rows,
    partitions,
  }
}

/** With a pair of keys the entity is there for 1 only. */
function rowsSql({ rows, calendar, given }: Table): string {
  const values = [...rows].flatMap(([name, inside]) =>
    [...inside].map(([entity, { n, x, at }]) => {
      const text = entity.replaceAll("'", "''")
      return `('${name}', make_timestamp(${calendar.named(name).end * 1000}), '${text}', ${n}::BIGINT, ${x}::DOUBLE, '${at}'::TIMESTAMP${given.pair ? ', 1::INTEGER' : ''})`
    }),
  )
  // Empty partitions alone have their types too.
  const none = `('', NULL::TIMESTAMP, NULL::VARCHAR, NULL::BIGINT, NULL::DOUBLE, NULL::TIMESTAMP${given.pair ? ', NULL::INTEGER' : ''})`
  return `SELECT * FROM (VALUES ${[none, ...values].join(', ')}) AS rows (dt, feature_time, key, n, x, "at"${given.pair ? ', key2' : ''}) WHERE dt <> ''`
}

function trainingOf(given: Case, tables: readonly Table[]): Training {
  const features = given.features.map(({ view, carry }, at): TrainingFeature => {
    const table = tables[view % tables.length] as Table
    const entity: Record<string, string> = table.given.pair ? { key: 'entity', key2: 'other' } : { key: 'entity' }
    return { view: table.made.view, as: `f${at}`, entity, ...(carry !== 'view' && { carry: carry === 'none' ? carry : { ms: carry } }) }
  })
  const isDay = given.time.endsWith('of_day')
  const time: LabelTime = {
    column: 'ts',
    ...(given.time === 'ms' && { unit: 'ms' as const }),
    ...((isDay || given.time === 'naive') && { zone: given.zone }),
    ...(isDay && { at: given.time as 'start_of_day' | 'end_of_day' }),
  }
  return { kind: 'training', name: 'set', file: 'set.training.yaml', description: '', labels: { key: 'labels.parquet', time }, features }
}

/** A label with its time in microseconds, and as the file has it. */
interface Label {
  readonly micros: bigint
  readonly sql: string
  readonly entity: string | null
  readonly other: string
}

function timed({ view, share, snap, entity, other }: CaseLabel, given: Case, tables: readonly Table[]): Label {
  const { calendar, partitions, given: one } = tables[view % tables.length] as Table
  const [first = START, last = START] = [partitions[0]?.end, partitions.at(-1)?.end]
  let micros = BigInt(Math.floor(first + share * (last - first)) + one.availableAfterMs) * 1000n + 7n
  if (snap !== 'no') {
    const cut = BigInt(calendar.at(Number(micros / 1000n) - one.availableAfterMs).end + one.availableAfterMs) * 1000n
    micros = snap === 'cut' ? cut : cut - 1n
  }
  const who = { entity: entity < 0 ? null : (ENTITIES[entity] ?? 'unknown'), other: String(other) }
  return { ...asWritten(micros, given), ...who }
}

/** The time as the label file has it, and the instant that it means: by Temporal, none of our code. */
function asWritten(micros: bigint, { time, zone }: Case): Pick<Label, 'micros' | 'sql'> {
  const exact = Temporal.Instant.fromEpochNanoseconds(micros * 1000n)
  if (time === 'zoned') return { micros, sql: `make_timestamptz(${micros})` }
  if (time === 'ms') return { micros: (micros / 1000n) * 1000n, sql: `${micros / 1000n}` }
  const local = exact.toZonedDateTimeISO(zone).toPlainDateTime()
  if (time === 'naive') {
    return { micros: microsOf(local.toZonedDateTime(zone)), sql: `TIMESTAMP '${local.toString().replace('T', ' ')}'` }
  }
  const day = local.toPlainDate()
  const meant = time === 'end_of_day' ? day.add({ days: 1 }) : day
  return { micros: microsOf(meant.toZonedDateTime(zone)), sql: `DATE '${day}'` }
}

function microsOf(at: Temporal.ZonedDateTime): bigint {
  return at.epochNanoseconds / 1000n
}

function labelsSql(labels: readonly Label[], given: Case): string {
  const type = { zoned: 'TIMESTAMPTZ', naive: 'TIMESTAMP', ms: 'BIGINT', start_of_day: 'DATE', end_of_day: 'DATE' }[given.time]
  const values = labels.map(({ sql, entity, other }, at) => {
    return `(${at}, ${sql}::${type}, ${entity === null ? 'NULL' : `'${entity.replaceAll("'", "''")}'`}::VARCHAR, ${other}::BIGINT)`
  })
  return `SELECT * FROM (VALUES ${values.join(', ')}) AS labels (id, ts, entity, other)`
}

interface Expected {
  readonly state: string
  readonly age: bigint | null
  readonly n: string | null
  readonly x: string | null
  readonly at: string | null
  /** All that would have changed this answer had it been different: `view partition`. */
  readonly reads: readonly string[]
}

/** The nested loop: each label alone, every partition of the view from the first to the last. */
function lookUp(label: Label, training: Training, tables: readonly Table[]): Expected[] {
  return training.features.map((feature) => {
    const table = tables.find(({ made }) => made.view === feature.view) as Table
    const { given, calendar } = table
    const carryMs = feature.carry === undefined ? given.carryMs : feature.carry === 'none' ? undefined : feature.carry.ms
    let newest: Partition | undefined
    for (let index = calendar.indexAt(START) - 400; ; index++) {
      const partition = calendar.partition(index)
      if (BigInt(partition.end + given.availableAfterMs) * 1000n > label.micros) break
      if (partition.end > partition.start) newest = partition
    }
    const age = (partition: Partition) => (label.micros - BigInt(partition.end) * 1000n) / 1_000_000n
    const row = (partition: Partition) => {
      if (label.entity === null || (given.pair && label.other !== '1')) return undefined
      return table.rows.get(partition.name)?.get(label.entity)
    }
    if (!newest || !table.rows.has(newest.name)) return { state: 'no_partition', age: null, n: null, x: null, at: null, reads: [] }
    const reads = [`${feature.view} ${newest.name}`]
    const own = row(newest)
    if (own) return { state: 'value', age: age(newest), ...shown(own), reads }
    if (carryMs !== undefined) {
      for (const partition of table.partitions.toReversed()) {
        if (partition.end >= newest.end || label.micros - BigInt(partition.end) * 1000n > BigInt(carryMs) * 1000n) continue
        if (table.rows.has(partition.name)) reads.push(`${feature.view} ${partition.name}`)
        const older = row(partition)
        if (older) return { state: 'carried', age: age(partition), ...shown(older), reads }
      }
    }
    return { state: 'absent', age: age(newest), n: given.absent ? '-1' : null, x: given.absent ? '0.5' : null, at: null, reads }
  })
}

function shown({ n, x, at }: Values): Pick<Expected, 'n' | 'x' | 'at'> {
  return { n: String(n), x: x === null ? null : String(x), at }
}

function found(row: Readonly<Record<string, string | null>>, as: string) {
  const x = row[`${as}__x`] ?? null
  const at = row[`${as}__at`] ?? null
  return {
    state: row[`${as}__state`],
    age: row[`${as}__age`] ?? null,
    n: row[`${as}__n`] ?? null,
    x: x === null ? null : String(Number(x)),
    at: at === null ? null : new Date(at).toISOString(),
  }
}

function rendered({ reads: _, ...expected }: Expected) {
  return { ...expected, age: expected.age === null ? null : String(expected.age) }
}
