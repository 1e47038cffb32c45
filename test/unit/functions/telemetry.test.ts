import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createRegisterHandler } from '../../../functions/register.ts'
import type { Registered } from '../../../lib/lake/registry.ts'
import type { ComputeTask } from '../../../lib/pipeline/task.ts'
import { marchDays, TICKS_FILES } from '../../support/ticks.ts'

const PROCESS = fileURLToPath(new URL('./deployed-call.ts', import.meta.url))
/** A sampled trace, as Lambda names it to a function. */
const TRACE = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1'

/** A folder as the lake of a deployed function: ticks of March, and the views over them registered. */
async function openLakeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-telemetry-'))
  const [lake, definitions] = [join(folder, 'lake'), join(folder, 'definitions')]
  mkdirSync(lake)
  mkdirSync(definitions)
  for (const [file, text] of Object.entries(TICKS_FILES)) writeFileSync(join(definitions, file), text)
  for (const day of marchDays(3)) {
    mkdirSync(join(lake, `ticks/dt=${day}`), { recursive: true })
    writeFileSync(join(lake, `ticks/dt=${day}/ticks.csv`), `at,id\n${day} 01:00:00,a\n${day} 02:00:00,b\n`)
  }
  const register = createRegisterHandler(() => ({ lake, definitions, concurrency: async () => 1000 }))
  const registered = await (register as unknown as (event: object, context: object) => Promise<readonly Registered[]>)({}, {})
  const version = registered.find(({ view }) => view === 'busy')?.version ?? ''
  return { lake, version }
}

/** X-Ray's daemon, as far as a function knows it: what is sent to its port. */
async function openDaemon() {
  const segments: { readonly name: string; readonly annotations?: object; readonly trace_id: string }[] = []
  const socket = createSocket('udp4')
  socket.on('message', (bytes) => segments.push(JSON.parse(bytes.toString().split('\n')[1] ?? '')))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { segments, address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() }
}

test('a deployed call writes a line per partition, figures by view and a trace', async () => {
  const { lake, version } = await openLakeFolder()
  const daemon = await openDaemon()
  const days = { first: '2001-03-01', last: '2001-03-03' }
  const task: ComputeTask = { kind: 'task', view: 'busy', version, ...days, reprocess: 'stale', missingInputs: 'block', writer: 'run-1' }
  const { stdout } = await promisify(execFile)(process.execPath, [PROCESS, 'transform', JSON.stringify({ task }), 'call-1'], {
    env: {
      ...{ PATH: process.env.PATH, HINDCAST_LAKE: lake, POWERTOOLS_SERVICE_NAME: 'lake-of-test' },
      ...{ AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x', LAMBDA_TASK_ROOT: '/var/task', _X_AMZN_TRACE_ID: TRACE },
      ...{ AWS_XRAY_DAEMON_ADDRESS: daemon.address, _HANDLER: 'index.handler', AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' },
    },
  })
  const lines: Record<string, unknown>[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const partitions = lines.filter(({ event }) => event === 'partition')
  expect(partitions).toHaveLength(3)
  expect(partitions.find(({ partition }) => partition === '2001-03-03')).toMatchObject({
    ...{ level: 'INFO', request: 'call-1', trace: '1-5759e988-bd862e3fe1be46a994272793', cold: true },
    ...{ view: 'busy', version, writer: 'run-1', partition: '2001-03-03', result: 'written', rows: 2 },
    ...{ bytes: expect.any(Number), bytesRead: expect.any(Number), ms: expect.any(Number) },
  })

  const figures = lines.filter((line) => '_aws' in line)
  expect(figures).toHaveLength(1)
  expect(figures[0]).toMatchObject({ service: 'lake-of-test', view: 'busy', PartitionsWritten: [1, 1, 1], Rows: [2, 2, 2] })
  expect(figures[0]?._aws).toMatchObject({
    CloudWatchMetrics: [
      {
        Namespace: 'Hindcast',
        Dimensions: [['service', 'view']],
        Metrics: [
          { Name: 'PartitionsWritten', Unit: 'Count' },
          { Name: 'Rows', Unit: 'Count' },
          { Name: 'Bytes', Unit: 'Bytes' },
          { Name: 'Duration', Unit: 'Milliseconds' },
        ],
      },
    ],
  })

  await sleep(100)
  daemon.close()
  const [one] = daemon.segments.filter(({ name }) => name === 'busy 2001-03-03')
  expect(one).toMatchObject({
    trace_id: '1-5759e988-bd862e3fe1be46a994272793',
    annotations: { view: 'busy', partition: '2001-03-03', writer: 'run-1', result: 'written' },
  })
})
