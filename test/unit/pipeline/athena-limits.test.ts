/** What Athena would refuse of a training set is refused by its plan, before anything is asked of Athena or Glue. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LocalEngine } from '../../../lib/engine/local-engine.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import type { OutputColumn } from '../../../lib/model/catalog.ts'
import type { Training } from '../../../lib/model/training.ts'
import { planTrain, train } from '../../../lib/pipeline/train.ts'
import type { AthenaEffects } from '../../../lib/pipeline/train-athena.ts'
import { openTestEngine } from '../../support/house.ts'
import { type MadeView, parquetOf, publishViews, putOutputs } from '../../support/training-lake.ts'

const store = openMemoryStore()
let engine: LocalEngine
beforeAll(() => {
  engine = openTestEngine()
})
afterAll(() => engine.close())

const nobody = (): never => {
  throw new Error('nobody is to be asked')
}
const athena: AthenaEffects = {
  queries: { name: 'Athena', run: nobody, rows: nobody, limit: nobody },
  tables: { database: 'features', read: nobody, put: nobody, delete: nobody, list: nobody },
}

/** A plan for labels of a view with so many columns. */
async function planned(columns: number, options: { readonly comment?: string; readonly wanted?: readonly string[] } = {}) {
  const wide: OutputColumn[] = Array.from({ length: columns }, (_, at) => ({ name: `spent_in_category_${at}`, type: 'BIGINT' }))
  const view: MadeView = {
    ...{ view: 'wide', version: '0123456789ab', grain: 'day', zone: 'UTC', entity: ['id'] },
    schema: [{ name: 'id', type: 'VARCHAR' }, ...wide],
    settings: { columns: options.comment ? Object.fromEntries(wide.map(({ name }) => [name, options.comment ?? ''])) : {} },
  }
  await publishViews(store, [view])
  const empty = wide.map(({ name }) => `0::BIGINT AS ${name}`)
  const rows = `SELECT '2024-01-01' AS dt, 'a' AS id, TIMESTAMP '2024-01-02' AS feature_time, ${empty.join(', ')}`
  await putOutputs(store, view, rows, ['2024-01-01'])
  await store.put('labels.parquet', await parquetOf(`SELECT 'a' AS id, TIMESTAMP '2024-01-02 12:00:00' AS t`))
  const training: Training = {
    ...{ kind: 'training', name: 'set', file: 'set.training.yaml', description: '' },
    labels: { key: 'labels.parquet', time: { column: 't', zone: 'UTC' } },
    features: ['one', 'two'].map((as) => ({ view: 'wide', as, ...(options.wanted && { columns: options.wanted }) })),
  }
  const request = { training, lineOf: () => 1, run: 'r', labels: { key: 'labels.parquet' }, versions: new Map(), allowUncovered: false }
  const effects = { lake: { store, bucket: () => store }, engine, threads: 1, now: () => Date.parse('2024-02-01T00:00:00Z'), athena }
  return { plan: () => planTrain({ ...request, engine: 'athena' }, effects), make: () => train({ ...request, engine: 'athena' }, effects) }
}

const TOO_LONG =
  /^the query of training set set is (\d+) bytes, with 4002 columns of labels and 2 features; Athena takes 262144: name fewer 'columns'/

it('a query that is longer than Athena takes is refused by the plan and by the run, with its length and what to do', async () => {
  const { plan, make } = await planned(2000)
  await expect(plan()).rejects.toThrow(TOO_LONG)
  await expect(make()).rejects.toThrow(TOO_LONG)
  const few = await planned(2000, { wanted: ['spent_in_category_7'] })
  expect(await few.plan()).toMatchObject({ engine: 'athena', labels: 1 })
})

it('a view whose table is larger than Athena takes is refused by the plan, whatever columns are read', async () => {
  const { plan } = await planned(4000, { comment: 'c'.repeat(300), wanted: ['spent_in_category_7'] })
  await expect(plan()).rejects.toThrow(/^table wide is 1\d{6} bytes with 4002 columns; Athena takes 1048576/)
})
