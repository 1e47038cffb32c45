import { afterAll, expect, test } from 'vitest'
import { createTransformHandler } from '../../../functions/transform.ts'
import { objectCreatedEvent } from '../../../functions/work-from-event.ts'
import { readJson } from '../../../lib/lake/json-object.ts'
import { listAll } from '../../../lib/lake/object-store.ts'
import type { Receipt } from '../../../lib/lake/receipts.ts'
import type { Message } from '../../../lib/pipeline/task.ts'
import { openHouse, openTestEngine } from '../../support/house.ts'
import { layTicks, marchDays, ticksCatalog } from '../../support/ticks.ts'

const engine = openTestEngine()
afterAll(() => engine.close())
const NOW = Date.parse('2001-03-05T00:00:00Z')

/** A function with a batch of the queue, and so much time at each look at the clock. */
async function openFunction(timeLeftMs: () => number) {
  const catalog = await ticksCatalog(engine)
  const house = await openHouse(catalog, engine)
  await layTicks(house, marchDays(4))
  const sent: Message[] = []
  const { store } = house
  const lake = { store, bucket: () => store }
  const queue = { send: async (messages: readonly Message[]) => void sent.push(...messages) }
  const effects = { lake, engine, queue, now: () => NOW, newId: () => crypto.randomUUID(), log: () => undefined }
  const handler = createTransformHandler(
    async () => ({ catalog, effects, close: async () => undefined }),
    () => 'lake',
  )
  const batch = (...bodies: readonly unknown[]) => {
    const records = bodies.map((body, at) => ({ messageId: `m${at}`, body: JSON.stringify(body) }))
    const call = handler as (event: unknown, context: object) => Promise<unknown>
    return call({ Records: records }, { getRemainingTimeInMillis: timeLeftMs })
  }
  const outputs = async () => (await listAll(store, { prefix: 'features/' })).filter(({ key }) => key.endsWith('.parquet')).length
  /** What the receipts name as the reason that live computed. */
  const causes = async () => {
    const keys = (await listAll(store, { prefix: 'features/' })).map(({ key }) => key).filter((key) => key.includes('/_receipt.'))
    return Promise.all(keys.map(async (key) => (await readJson<Receipt>(store, key))?.value ?? { view: '', cause: undefined }))
  }
  return { batch, sent, outputs, causes }
}

const key = (day: string) => `ticks/dt=${day}/ticks.csv`

test('what does not fit the time goes back to the queue and comes again as it was', async () => {
  let left = 60_000
  const { batch, sent, outputs } = await openFunction(() => left)
  const events = marchDays(3).map((day) => objectCreatedEvent('lake', key(day)))
  left = 1000
  expect(await batch(...events, { broken: true })).toEqual({ batchItemFailures: [{ itemIdentifier: 'm3' }] })
  expect(sent).toEqual(marchDays(3).map((day) => ({ kind: 'object', key: key(day) })))
  expect(await outputs()).toBe(0)
  left = 60_000
  expect(await batch(...sent)).toEqual({ batchItemFailures: [] })
  expect(await outputs()).toBeGreaterThan(0)
})

test('a message that runs out of time in the middle goes back, and goes on where it ended', async () => {
  let looks = 0
  const { batch, sent, outputs } = await openFunction(() => (looks++ < 2 ? 60_000 : 1000))
  expect(await batch(objectCreatedEvent('lake', key('2001-03-01')))).toEqual({ batchItemFailures: [] })
  expect(sent).toContainEqual({ kind: 'object', key: key('2001-03-01') })
  const before = await outputs()
  looks = Number.NEGATIVE_INFINITY
  expect(await batch(...sent.splice(0))).toEqual({ batchItemFailures: [] })
  expect(await outputs()).toBeGreaterThan(before)
})

test('events of another bucket name it', async () => {
  const { batch, sent } = await openFunction(() => 1000)
  await batch(objectCreatedEvent('theirs', key('2001-03-01')))
  expect(sent).toEqual([{ kind: 'object', bucket: 'theirs', key: key('2001-03-01') }])
})

test('keys are as EventBridge has them, and decoded where S3 itself encoded them; what is not ours is done', async () => {
  const { batch, sent } = await openFunction(() => 1000)
  const odd = 'ticks/dt=2001-03-01/a b+c%20d é.csv'
  const notified = (eventName: string, encoded: string) => ({
    Records: [{ eventSource: 'aws:s3', eventName, s3: { bucket: { name: 'lake' }, object: { key: encoded } } }],
  })
  const encoded = 'ticks/dt%3D2001-03-01/a+b%2Bc%2520d+%C3%A9.csv'
  const others = [
    { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'lake' },
    notified('ObjectRemoved:Delete', encoded),
    { ...objectCreatedEvent('lake', odd), 'detail-type': 'Object Deleted' },
  ]
  const ours = [objectCreatedEvent('lake', odd), notified('ObjectCreated:Put', encoded)]
  const broken = notified('ObjectCreated:Put', 'ticks/%zz.csv')
  expect(await batch(...others, ...ours, broken)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm5' }] })
  expect(sent).toEqual(ours.map(() => ({ kind: 'object', key: odd })))
})

test('a receipt names the event that led to it, also of a partition that reads another, and of a message that came again', async () => {
  let left = 1000
  const { batch, sent, causes } = await openFunction(() => left)
  const event = { kind: 'object', key: key('2001-03-02'), sequencer: '0055AED6DCD90281E5' }
  await batch(objectCreatedEvent('lake', event.key, event.sequencer))
  expect(sent).toEqual([event])
  left = 60_000
  await batch(...sent.splice(0))
  expect(sent).toContainEqual(expect.objectContaining({ kind: 'task', view: 'busier', cause: event }))
  await batch(...sent.splice(0))
  const found = await causes()
  expect(new Set(found.map(({ view }) => view))).toEqual(new Set(['busy', 'busier']))
  expect(new Set(found.map(({ cause }) => JSON.stringify(cause)))).toEqual(new Set([JSON.stringify(event)]))
})
