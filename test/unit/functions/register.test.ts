import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRegisterHandler } from '../../../functions/register.ts'
import { openLake } from '../../../lib/lake/open-lake.ts'
import { readCatalog } from '../../../lib/lake/registry.ts'
import { TICKS_FILES } from '../../support/ticks.ts'

interface Answer {
  readonly Status: string
  readonly Reason?: string
  readonly RequestId: string
}

/** Where CloudFormation waits for an answer: a signed URL of S3, as far as a function sees. */
const answers: Answer[] = []
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  answers.push(JSON.parse(Buffer.concat(chunks).toString()))
  response.end()
})
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => server.close())

async function deploy(account: number, files: Readonly<Record<string, string>>, request: object) {
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-register-'))
  const [lake, definitions] = [join(folder, 'lake'), join(folder, 'definitions')]
  for (const one of [lake, definitions]) mkdirSync(one)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(definitions, file), text)
  const handler = createRegisterHandler(() => ({ lake, definitions, concurrency: async () => account }))
  const event = {
    ...{
      ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`,
      StackId: 's',
      RequestId: 'r',
      LogicalResourceId: 'l',
    },
    ...{ ResourceProperties: { liveConcurrency: '10', backfillConcurrency: '200', digest: 'd' } },
    ...request,
  }
  const call = handler as unknown as (event: unknown, context: object) => Promise<unknown>
  await call(event, {})
  const opened = await openLake(lake)
  const catalog = await readCatalog(opened.store, Date.now())
  await opened.close()
  return { answer: answers.at(-1), views: [...catalog.candidates.keys()].sort() }
}

test('a deploy registers, or fails with all that is wrong and registers nothing', async () => {
  const created = await deploy(1000, TICKS_FILES, { RequestType: 'Create' })
  expect(created).toMatchObject({ answer: { Status: 'SUCCESS', RequestId: 'r' }, views: ['busier', 'busy'] })
  const wrong = await deploy(1000, { ...TICKS_FILES, 'busier.sql': 'SELECT 1' }, { RequestType: 'Update' })
  expect(wrong).toMatchObject({ answer: { Status: 'FAILED', Reason: expect.stringMatching(/1 problem.*busier\.sql/s) }, views: [] })
})

test('a deploy fails for caps that the account does not have, with the numbers, and is always taken down', async () => {
  const small = await deploy(50, TICKS_FILES, { RequestType: 'Create' })
  expect(small).toMatchObject({
    answer: { Status: 'FAILED', Reason: expect.stringMatching(/live 10 and backfill 200 .* of its 50 unreserved .* together at most 45/) },
    views: [],
  })
  expect(await deploy(50, TICKS_FILES, { RequestType: 'Delete' })).toMatchObject({ answer: { Status: 'SUCCESS' } })
})
