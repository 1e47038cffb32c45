import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import { openMemoryStore } from '../../lib/lake/memory-store.ts'
import type { ObjectStore } from '../../lib/lake/object-store.ts'
import { listTrainingRuns } from '../../lib/lake/training-manifest.ts'
import { ConflictError } from '../../lib/model/errors.ts'
import type { Training } from '../../lib/model/training.ts'
import { train } from '../../lib/pipeline/train.ts'
import { openTestEngine } from '../support/house.ts'
import { leftovers, type MadeView, parquetOf, publishViews, putOutputs } from '../support/training-lake.ts'

const LABELS = 400_000
const DAYS = 20

const view: MadeView = {
  view: 'user_day',
  version: '0123456789ab',
  grain: 'day',
  zone: 'UTC',
  entity: ['id'],
  schema: [
    { name: 'id', type: 'VARCHAR' },
    { name: 'n', type: 'BIGINT' },
    { name: 'x', type: 'DOUBLE' },
  ],
  settings: { absent: { n: 0 } },
}

const training: Training = {
  kind: 'training',
  name: 'set',
  file: 'set.training.yaml',
  description: '',
  labels: { key: 'labels.parquet', time: { column: 't', zone: 'UTC' } },
  features: [
    { view: 'user_day', as: 'plain' },
    { view: 'user_day', as: 'carried', carry: { ms: 9 * 86_400_000 } },
  ],
}

let engine: LocalEngine
let store: ObjectStore
beforeAll(async () => {
  engine = openTestEngine()
  store = openMemoryStore()
  await publishViews(store, [view])
  const days = Array.from({ length: DAYS }, (_, day) => `2024-01-${String(day + 1).padStart(2, '0')}`)
  await putOutputs(
    store,
    view,
    `SELECT 'u' || u AS id, (hash(u, d) % 100)::BIGINT AS n, (hash(d, u) % 1000) / 7.0 AS x, strftime(day, '%Y-%m-%d') AS dt, day + INTERVAL 1 DAY AS feature_time
     FROM (SELECT d, TIMESTAMP '2024-01-01' + to_days(d::INTEGER) AS day FROM range(${DAYS}) AS days (d)), range(3000) AS users (u) WHERE hash(u, d, 1) % 4 <> 0`,
    days,
  )
  const labels = `SELECT 'u' || hash(i) % 3100 AS id, TIMESTAMP '2024-01-10' + to_microseconds((hash(i, 1) % (10 * 86400000000::UBIGINT))::BIGINT) AS t, i FROM range(${LABELS}) AS labels (i)`
  await store.put('labels.parquet', await parquetOf(labels))
})
afterAll(() => engine.close())

const request = { training, lineOf: () => 1, labels: { key: 'labels.parquet' }, versions: new Map<string, string>(), allowUncovered: false }
const effects = { now: () => Date.parse('2024-02-01T00:00:00Z') }

it('gives the same bytes each time, on any number of threads', async () => {
  const hashes = new Set<string>()
  for (const [run, threads] of [1, 2, 2, 4, 7].entries()) {
    const manifest = await train({ ...request, run: `run-${run}` }, { ...effects, lake: { store, bucket: () => store }, engine, threads })
    expect(manifest.views[0]?.states).toMatchObject({ carried: 0, no_partition: 0 })
    expect(manifest.views[1]?.states.carried).toBeGreaterThan(LABELS / 10)
    hashes.add(manifest.files.map(({ sha256 }) => sha256).join())
  }
  expect(hashes.size).toBe(1)
})

it('a run that dies leaves nothing that looks complete, whichever put is its last', async () => {
  const before = await listTrainingRuns(store, 'set')
  for (let puts = 0; puts < 3; puts++) {
    const dying = dyingStore(store, puts)
    const died = train(
      { ...request, run: `dying-${puts}`, partRows: LABELS / 2 },
      { ...effects, lake: { store: dying, bucket: () => dying }, engine, threads: 2 },
    )
    await expect(died).rejects.toThrow('died')
    expect(await listTrainingRuns(store, 'set')).toEqual(before)
    expect(await leftovers(engine.scratch)).toEqual([])
  }
  const { files } = await train(
    { ...request, run: 'whole', partRows: LABELS / 2 },
    { ...effects, lake: { store, bucket: () => store }, engine, threads: 2 },
  )
  expect(files.map(({ rows }) => rows)).toEqual([LABELS / 2, LABELS / 2])
  expect(await listTrainingRuns(store, 'set')).toEqual([...before, 'whole'])
})

/** A store whose caller is gone after so many puts. */
function dyingStore(whole: ObjectStore, puts: number): ObjectStore {
  let left = puts
  return {
    location: whole.location,
    get: (...args) => whole.get(...args),
    getRange: (...args) => whole.getRange(...args),
    download: (...args) => whole.download(...args),
    head: (...args) => whole.head(...args),
    list: (...args) => whole.list(...args),
    listNames: (...args) => whole.listNames(...args),
    delete: (...args) => whole.delete(...args),
    put: async (...args) => {
      if (left-- === 0) throw new ConflictError('died')
      return whole.put(...args)
    },
  }
}
