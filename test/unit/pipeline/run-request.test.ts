import { expect, test } from 'vitest'
import type { Catalog } from '../../../lib/model/catalog.ts'
import { readRequest, requestSchema } from '../../../lib/pipeline/run-request.ts'

const catalog: Catalog = {
  sources: new Map(),
  features: new Map(),
  candidates: new Map([
    ['busy', 'v1'],
    ['busier', 'v2'],
  ]),
}
const read = (input: unknown) => readRequest(input, catalog, 200)

test('a short request gets the defaults of the command line', () => {
  expect(read({ view: 'busy', from: '2001-01', to: '2001-06' })).toEqual({
    request: {
      views: ['busy'],
      period: { from: '2001-01', to: '2001-06' },
      with: 'none',
      reprocess: 'stale',
      missingInputs: 'block',
      reason: 'backfill',
    },
    maxConcurrency: 100,
    toleratedFailures: 5,
    dryRun: false,
  })
  expect(read({ last: '30d', publish: true, unverified: true }).request).toMatchObject({ publish: true, unverified: true })
  expect(read({ last: '30d' }).request.views).toEqual(['busy', 'busier'])
  expect(readRequest({ last: '30d' }, catalog, 20).maxConcurrency).toBe(20)
})

test.each([
  ['an unknown key', { last: '30d', form: '2001' }, /Unrecognized key: "form"/],
  ['a wrong value', { last: '30d', reprocess: 'some' }, /"none"\|"stale"\|"failed"\|"engine"\|"all"[\s\S]*at reprocess/],
  ['no period', { view: 'busy' }, /'from' and 'to', or 'last' alone/],
  ['two periods', { last: '30d', from: '2001', to: '2002' }, /'from' and 'to', or 'last' alone/],
  ['two kinds of views', { view: 'busy', views: ['busier'], last: '30d' }, /both 'view' and 'views'/],
  ['more than the cap', { last: '30d', maxConcurrency: 500 }, /maxConcurrency 500 is above the cap of this stack; expected 1 to 200/],
  ['publish in words', { last: '30d', publish: 'yes' }, /expected boolean[\s\S]*at publish/],
  ['text', 'busy', /expected object/],
])('%s is refused with what is allowed', (_what, input, message) => {
  expect(() => read(input)).toThrow(expect.objectContaining({ name: 'InvalidInputError', message: expect.stringMatching(message) }))
})

test('the schema names every field that a request may have', () => {
  const fields =
    'dryRun from last maxConcurrency maxCost missingInputs publish reason reprocess to toleratedFailures unverified view views with'
  const { properties, additionalProperties } = requestSchema() as { properties: object; additionalProperties: boolean }
  expect(Object.keys(properties).sort()).toEqual(fields.split(' '))
  expect(additionalProperties).toBe(false)
})
