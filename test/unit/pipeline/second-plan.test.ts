import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { LocalEngine } from '../../../lib/engine/local-engine.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import type { ObjectStore } from '../../../lib/lake/object-store.ts'
import { PRICES } from '../../../lib/model/price.ts'
import { checkDefinitions } from '../../../lib/pipeline/check.ts'
import { planBackfill } from '../../../lib/pipeline/plan.ts'
import { inlineMap, runBackfill } from '../../../lib/pipeline/run.ts'
import { runTask } from '../../../lib/pipeline/run-task.ts'

const FILES = [
  {
    file: 'ticks.source.yaml',
    text: 'description: Ticks.\nkey: ticks/dt={yyyy}-{MM}-{dd}/\nformat: csv\nevent_time: at\ncolumns: {at: TIMESTAMP, id: VARCHAR}\nstart: 2001-03-01\n',
  },
  {
    file: 'busy.sql',
    text: '/* ---\ndescription: Ticks of three days.\nentity: id\ngrain: day\ninputs: {ticks: 3 days}\nwarm_up: compute\n--- */\nSELECT id, count(*) AS n FROM ticks GROUP BY id\n',
  },
  {
    file: 'busier.sql',
    text: '/* ---\ndescription: Two days of those.\nentity: id\ngrain: day\ninputs: {busy: 2 days}\nwarm_up: compute\n--- */\nSELECT id, sum(n) AS n FROM busy GROUP BY id\n',
  },
]
const NOW = Date.parse('2001-04-01T00:00:00Z')
const REQUEST = {
  views: ['busy', 'busier'],
  period: { from: '2001-03-01', to: '2001-03-10' },
  with: 'none',
  reprocess: 'stale',
  missingInputs: 'block',
  reason: 'test',
} as const
const SETTINGS = { prices: PRICES, taskSeconds: 300, tasksWanted: 1 }

const engine = new LocalEngine({ scratch: join(tmpdir(), `hindcast-test-${randomUUID()}`) })
afterAll(() => engine.close())

test('a second plan right after a backfill finds nothing to do and reads no data', async () => {
  const store = openMemoryStore()
  for (let day = 1; day <= 10; day++) {
    const name = `2001-03-${String(day).padStart(2, '0')}`
    await store.put(`ticks/dt=${name}/ticks.csv`, Buffer.from(`at,id\n${name} 01:00:00,a\n${name} 02:00:00,b\n`))
  }
  const { catalog } = await checkDefinitions({ files: FILES, engine: engine.engine, sample: false })
  if (!catalog) throw new Error('the definitions are wrong')
  const effects = {
    lake: { store, bucket: () => store },
    engine,
    queue: { send: async () => undefined },
    now: () => NOW,
    newId: randomUUID,
    log: () => undefined,
  }
  const map = inlineMap((task) => runTask(task, catalog, effects))
  const { report } = await runBackfill(REQUEST, catalog, effects, map, { run: 'first', settings: SETTINGS })
  expect(report.outcomes).toEqual({ written: 20 })

  const reads: string[] = []
  const watched = watchReads(store, reads)
  const plan = await planBackfill(REQUEST, catalog, { ...effects, lake: { store: watched, bucket: () => watched } }, SETTINGS)
  expect(plan.views.map(({ states }) => states)).toEqual([{ fresh: 10 }, { fresh: 10 }])
  expect([plan.partitions, plan.maybe, plan.levels, plan.landings]).toEqual([0, 0, [], []])
  expect(reads).toEqual([])
})

/** The same store; every call that reads an object's bytes is remembered. */
function watchReads(store: ObjectStore, reads: string[]): ObjectStore {
  const remember = (key: string) => void reads.push(key)
  return {
    location: store.location,
    put: (...args) => store.put(...args),
    head: (...args) => store.head(...args),
    list: (...args) => store.list(...args),
    listNames: (...args) => store.listNames(...args),
    delete: (...args) => store.delete(...args),
    get: (key, ...rest) => {
      remember(key)
      return store.get(key, ...rest)
    },
    getRange: (key, ...rest) => {
      remember(key)
      return store.getRange(key, ...rest)
    },
    download: (key, ...rest) => {
      remember(key)
      return store.download(key, ...rest)
    },
  }
}
