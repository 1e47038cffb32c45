import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { queueSender } from '../../../lib/lake/queue-sender.ts'

const open: { close(): void }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

interface Entry {
  readonly Id: string
  readonly MessageBody: string
}

/** A queue that answers as the function says: the ids that it does not take. */
async function openQueue(refuse: (entries: readonly Entry[], request: number) => readonly { Id: string; SenderFault: boolean }[]) {
  const taken: unknown[] = []
  const requests: number[] = []
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { Entries: entries } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly Entries: readonly Entry[] }
    requests.push(entries.length)
    const refused = refuse(entries, requests.length)
    const left = new Set(refused.map(({ Id }) => Id))
    for (const entry of entries) if (!left.has(entry.Id)) taken.push(JSON.parse(entry.MessageBody))
    const Failed = refused.map((one) => ({ ...one, Code: 'Throttled' }))
    const Successful = entries.filter(({ Id }) => !left.has(Id)).map(({ Id }) => ({ Id, MessageId: Id, MD5OfMessageBody: '' }))
    outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
    outgoing.end(JSON.stringify({ Failed, Successful }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  open.push({
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const send = queueSender(`${endpoint}/1/live`, { endpoint, region: 'us-east-1', credentials, md5: false })
  return { send, taken, requests }
}

const messages = Array.from({ length: 23 }, (_, at) => ({ at }))

test('messages go ten at a time', async () => {
  const { send, taken, requests } = await openQueue(() => [])
  await send(messages)
  expect(taken).toEqual(messages)
  expect(requests).toEqual([10, 10, 3])
})

test('what was not taken is sent again, and nothing else', async () => {
  const { send, taken, requests } = await openQueue((entries, request) =>
    request === 1 ? entries.slice(2, 5).map(({ Id }) => ({ Id, SenderFault: false })) : [],
  )
  await send(messages.slice(0, 10))
  expect(requests).toEqual([10, 3])
  expect(taken).toHaveLength(10)
  expect(taken).toEqual(expect.arrayContaining(messages.slice(0, 10)))
})

test('a queue that stays so is an error that a retry may solve; a message that it never takes is a bug', async () => {
  const never = await openQueue((entries) => entries.map(({ Id }) => ({ Id, SenderFault: false })))
  await expect(never.send(messages.slice(0, 2))).rejects.toMatchObject({
    name: 'TransientError',
    message: expect.stringMatching(/did not take 2 messages/),
  })
  const wrong = await openQueue(([first]) => (first ? [{ Id: first.Id, SenderFault: true }] : []))
  await expect(wrong.send(messages.slice(0, 2))).rejects.toMatchObject({ name: 'InternalError' })
})
