/**
 * The command line on a deployed lake: the real templates in emulated AWS, the real handlers in this process. Not shown here, since the
 * emulator does not have it: permissions, the rule that ends the claim of a stopped run (the command ends it too), and map runs that are
 * redriven.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn'
import { ListQueuesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { objectCreatedEvent } from '../../functions/work-from-event.ts'
import { Executions } from '../../lib/cli/deployed/executions.ts'
import { readClaims } from '../../lib/lake/claims.ts'
import { DataError } from '../../lib/model/errors.ts'
import { runCli } from '../e2e/run-cli.ts'
import { TICKS_FILES } from '../support/ticks.ts'
import { missingEmulator } from './emulator.ts'
import { days, tickKey, ticks } from './orders.ts'
import { useDeployed } from './use-deployed.ts'

const NOW = '2001-05-01T00:00:00Z'
const APRIL = ['--from', '2001-04-01', '--to', '2001-04-30'] as const
const BUILT = 'dist/hindcast.js'
const missing = missingEmulator()

describe.skipIf(missing !== undefined)(`the CLI on a stack, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  const use = useDeployed({ definitions: TICKS_FILES, now: Date.parse(NOW) })
  beforeAll(async () => {
    for (const day of days('2001-03-02', 60)) await use.deployed.store.put(tickKey(day), ticks(day))
  })

  const on = (...args: readonly string[]) => runCli(['--stack', 'Hindcast', '--features', use.definitions, '--now', NOW, ...args])
  const runs = async () =>
    ((await new SFNClient().send(new ListExecutionsCommand({ stateMachineArn: use.deployed.lake.machineArn }))).executions ?? []).map(
      ({ name = '' }) => name,
    )
  const keys = (prefix: string) => use.deployed.keys(prefix)
  const outputs = async (prefix: string) => (await keys(prefix)).filter((key) => key.endsWith('/features.parquet'))

  it('says which stack there is not, and which lake of two is meant', async () => {
    const nowhere = await runCli(['--stack', 'Nowhere', 'status'])
    expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining("there is no stack 'Nowhere' in us-east-1") })
    const storage = await runCli(['--stack', 'HindcastStorage', 'status'])
    expect(storage).toMatchObject({ code: 2, err: expect.stringContaining('no feature lake among its outputs') })
    const both = await runCli(['--stack', 'Hindcast', '--lake', 'lake', 'status'])
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('expected one of them') })
  })

  it('works as it is built, too', async () => {
    // `npm test` has just built it. Packages that only a stack needs are loaded late, which a bundle does in a way of its own.
    if (!existsSync(BUILT)) await promisify(execFile)(process.execPath, ['scripts/build.ts'])
    const args = ['--stack', 'Hindcast', '--features', use.definitions, '--now', NOW, 'status', '--json']
    const { stdout } = await promisify(execFile)(process.execPath, [BUILT, ...args]).catch((error) => error)
    expect(JSON.parse(stdout)).toMatchObject({ views: [{ view: 'busy' }, { view: 'busier' }] })
  })

  it('refuses a wrong request before anything is started', async () => {
    const wrong = async (...args: readonly string[]) => {
      const { code, err } = await on('backfill', ...args)
      expect(code).toBe(2)
      return err
    }
    expect(await wrong('bussy', ...APRIL)).toContain("there is no view 'bussy'")
    expect(await wrong('busy', '--from', '2001-04-01')).toContain('one period')
    expect(await wrong('busy', ...APRIL, '--max-concurrency', '20000')).toContain('maxConcurrency')
    expect(await wrong('busy', ...APRIL, '--max-concurrency', '51')).toContain('expected 1 to 50')
    expect(await wrong('busy', ...APRIL, '--workers', '2')).toContain('--max-concurrency')
    expect(await runs()).toEqual([])
  })

  it('names in its outputs a line that can be pasted into a shell', async () => {
    const [stack] = (await new CloudFormationClient().send(new DescribeStacksCommand({ StackName: 'Hindcast' }))).Stacks ?? []
    const line = stack?.Outputs?.find(({ OutputKey: key = '' }) => key.startsWith('LakeStartBackfill'))?.OutputValue ?? ''
    const shell = await promisify(execFile)('bash', ['-c', `aws() { printf '%s\\n' "$@"; }\n${line}`])
    const input = '{"last":"30d","dryRun":true}'
    const args = [
      'stepfunctions',
      'start-execution',
      '--region',
      'us-east-1',
      '--state-machine-arn',
      use.deployed.lake.machineArn,
      '--input',
      input,
    ]
    expect(shell.stdout.trim().split('\n')).toEqual(args)
  })

  it('plans without a run', async () => {
    const { code, out } = await on('backfill', 'busy', ...APRIL, '--dry-run', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ partitions: 30, views: [{ view: 'busy', states: { missing: 30 } }] })
    expect(await runs()).toEqual([])
  })

  it('starts a run, shows how far it is, and ends as the local command does', async () => {
    const { code, out, err } = await on('backfill', 'busy', ...APRIL, '--max-concurrency', '5', '--reason', 'first')
    const [run = '', ...others] = await runs()
    expect(others).toEqual([])
    expect(run).toMatch(/^20010501T000000Z-busy-[0-9a-f]{4}$/)
    expect(err).toContain(`started run ${run}`)
    expect(err).toMatch(/30 of 30 partitions; \d+ tasks of \d+ done; .*\$0\.\d+ so far, quoted \$0/)
    expect(out).toContain(`run ${run}: 30 written in`)
    expect(out).toContain(`hindcast --stack Hindcast report ${run} makes a page of it`)
    expect(code).toBe(0)
    expect(await outputs('features/busy/')).toHaveLength(30)

    const again = await on('backfill', 'busy', ...APRIL, '--json')
    expect(again.code).toBe(0)
    expect(JSON.parse(again.out)).toMatchObject({ execution: { status: 'SUCCEEDED' }, report: { outcomes: {}, failed: 0 } })
  })

  /** Tasks wait until they are let go; gives the run once they are at work. */
  async function holdTasks(...args: readonly string[]) {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    use.fault = ({ functionName }) => {
      if (!functionName.includes('Transform')) return undefined
      begin()
      return held
    }
    const { out } = await on('backfill', ...args, '--detach', '--json')
    await begun
    return { run: (JSON.parse(out) as { readonly run: string }).run, release }
  }

  it('goes on when nobody watches, and is watched again', async () => {
    const { run, release } = await holdTasks('busy', ...APRIL, '--reprocess', 'all', '--max-concurrency', '5')
    const watching = on('watch')
    await vi.waitFor(() => expect(process.listenerCount('SIGINT')).toBeGreaterThan(0))
    // What Ctrl-C does in this process.
    process.emit('SIGINT')
    const detached = await watching
    expect(detached).toMatchObject({ code: 130, err: expect.stringContaining(`hindcast --stack Hindcast watch ${run} `) })

    const { code, out } = await on('status', 'busy', '--from', '2001-04-01', '--to', '2001-04-30')
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`run ${run}: 0 of 30 partitions; 0 tasks of \\d+ done, 5 of at most 5 at work; .*quoted`))
    expect(out).toContain('live queue: ')
    const asJson = JSON.parse((await on('status', '--json')).out)
    expect(asJson).toMatchObject({ runs: [{ run, stage: 'computing', tasks: { of: 5, atWork: 5 } }], queue: { dead: 0 } })

    const throttled = await on('throttle', run, '7')
    expect(throttled).toMatchObject({ code: 0, out: expect.stringContaining('7 tasks at a time instead of 5') })
    expect((await on('status', 'busy')).out).toContain('5 of at most 7 at work')
    const watched = on('watch', run, '--json')
    release()
    expect(JSON.parse((await watched).out)).toMatchObject({
      execution: { run, status: 'SUCCEEDED' },
      report: { outcomes: { confirmed: 30 } },
    })
    expect(await on('throttle', run, '7')).toMatchObject({ code: 2, err: expect.stringContaining('has ended (SUCCEEDED)') })
  })

  it('throttles a run with all its levels, also before one is at work', async () => {
    const both = ['busy', 'busier', '--from', '2001-04-02', '--to', '2001-04-30', '--reprocess', 'all'] as const
    const { run, release } = await holdTasks(...both, '--max-concurrency', '5')
    const lasts = await claimOf(run)
    expect(await on('throttle', run, '2')).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 tasks at a time instead of 5, also in'),
    })
    expect(await claimOf(run)).toBeGreaterThan(lasts)
    release()
    expect(await on('watch', run)).toMatchObject({ code: 0 })
    const executions = new Executions(use.deployed.lake.machineArn)
    expect((await executions.mapRuns(run)).map(({ maxConcurrency }) => maxConcurrency)).toEqual([2, 2])

    let go: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      go = resolve
    })
    use.fault = ({ functionName }) => (functionName.includes('Verify') ? held : undefined)
    const { out } = await on('backfill', ...both, '--max-concurrency', '5', '--detach', '--json')
    const { run: next } = JSON.parse(out) as { readonly run: string }
    expect(await on('throttle', next, '3')).toMatchObject({ code: 0, out: expect.stringContaining('none is at work now') })
    go()
    expect(await on('watch', next)).toMatchObject({ code: 0 })
    expect((await executions.mapRuns(next)).map(({ maxConcurrency }) => maxConcurrency)).toEqual([3, 3])
  })

  /** When the claim of a run ends, in milliseconds. */
  async function claimOf(run: string): Promise<number> {
    return (await readClaims(use.deployed.store, 0)).find((claim) => claim.run === run)?.expires ?? 0
  }

  it('cancels a run: what it holds is released, and the same request does the rest', async () => {
    for (const key of await keys('features/busy/')) if (key.includes('dt=2001-04-1')) await use.deployed.store.delete(key)
    const request = ['busy', ...APRIL, '--max-concurrency', '2'] as const
    const { run, release } = await holdTasks(...request)
    expect(await keys('runs/active/')).toEqual([`runs/active/${run}.json`])
    const sent = vi.spyOn(SFNClient.prototype, 'send')
    const cancelling = on('cancel', run, '--reason', 'too early')
    // The emulator tells of an execution that it was stopped once its tasks have ended; AWS does at once.
    await vi.waitFor(() => expect(sent.mock.calls.some(([command]) => command instanceof StopExecutionCommand)).toBe(true), 20_000)
    await sent.mock.results.at(-1)?.value
    release()
    const cancelled = await cancelling
    sent.mockRestore()
    expect(cancelled).toMatchObject({ code: 0, out: expect.stringMatching(`^stopped run ${run}: .*; its claim is removed`) })
    expect(await on('watch', run)).toMatchObject({ code: 130, out: expect.stringContaining('the same command goes on with the rest') })
    expect(await keys('runs/active/')).toEqual([])
    use.fault = () => undefined
    expect(await on('cancel', run)).toMatchObject({ code: 2, err: expect.stringContaining('has ended (ABORTED)') })
    expect(await on('cancel', 'never')).toMatchObject({ code: 2, err: expect.stringMatching(/no run 'never'; expected one of .*busy/) })
    expect(await on('backfill', ...request)).toMatchObject({ code: 0 })
    expect(await outputs('features/busy/')).toHaveLength(30)
  })

  it('ends with 3 where tasks failed, and names them', async () => {
    await use.deployed.remove('features/busier/')
    use.fault = ({ functionName }) => {
      if (functionName.includes('Transform')) throw new DataError('bad bytes')
    }
    const request = ['busier', '--from', '2001-04-02', '--to', '2001-04-30', '--max-concurrency', '2']
    const { code, out } = await on('backfill', ...request)
    expect(out).toContain('failed: DataError: bad bytes')
    expect(out).toContain('the run failed with States.ExceedToleratedFailureThreshold: more of its tasks failed than it tolerates')
    expect(code).toBe(3)
    use.fault = () => undefined
    expect(await on('backfill', ...request)).toMatchObject({ code: 0 })
  })

  it('does the rest of a run again, of one that computes everything only what did not finish', async () => {
    use.fault = ({ event }) => {
      const { place } = event as { readonly place?: { readonly index: number } }
      if (place?.index === 1) throw new DataError('bad bytes')
    }
    const failed = await on('backfill', 'busy', ...APRIL, '--reprocess', 'all', '--max-concurrency', '3', '--tolerated-failures', '50')
    expect(failed.code).toBe(3)
    use.fault = () => undefined
    const [, run = ''] = /^run (\S+):/.exec(failed.out) ?? []
    const dry = await on('redrive', run, '--dry-run', '--json')
    const { unfinished, requests } = JSON.parse(dry.out)
    expect(unfinished).toMatchObject([{ task: { view: 'busy' }, error: 'DataError: bad bytes' }])
    const { first, last, version } = unfinished[0].task
    expect(requests).toMatchObject([
      { view: `busy@${version}`, from: first, to: last, reprocess: 'all', reason: expect.stringContaining(run) },
    ])
    expect((await on('redrive', run, '--dry-run')).out).toContain('1 task of run')
    const days = (Date.parse(last) - Date.parse(first)) / 86_400_000 + 1
    const started = (await runs()).length
    const again = await on('redrive', run)
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining(`: ${days} confirmed in`) })
    expect((await runs()).length).toBe(started + 1)
    const [, done = ''] = /^run (\S+):/.exec(again.out) ?? []
    expect(await on('redrive', done)).toMatchObject({ code: 0, out: expect.stringContaining('nothing to do') })
    expect(await on('redrive')).toMatchObject({ code: 2, err: expect.stringContaining('expected a RUN, or --dead-letters') })
  })

  it('moves dead letters back to the live queue, after showing them', async () => {
    const client = new SQSClient({ useQueueUrlAsEndpoint: false })
    const queues = (await client.send(new ListQueuesCommand({}))).QueueUrls ?? []
    const QueueUrl = queues.find((url) => url !== use.deployed.lake.queueUrl)
    const body = (key: string) => JSON.stringify(objectCreatedEvent(use.deployed.lake.bucket, key))
    for (let at = 0; at < 12; at++)
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body(`ticks/dt=2001-04-01/${at}.csv`) }))
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'not JSON' }))
    const dry = await on('redrive', '--dead-letters', '--dry-run')
    expect(dry.out).toContain('would move 13 messages to the live queue')
    expect(dry.out).toContain(`object s3://${use.deployed.lake.bucket}/ticks/dt=2001-04-01/0.csv`)
    expect((await on('status', 'busy')).out).toContain('dead letters: 13 messages failed every time')
    const { queue } = JSON.parse((await on('status', 'busy', '--json')).out)
    expect(await on('redrive', '--dead-letters')).toMatchObject({ code: 0, out: expect.stringContaining('moved 13 messages') })
    expect(JSON.parse((await on('status', 'busy', '--json')).out).queue).toEqual({ waiting: queue.waiting + 13, atWork: 0, dead: 0 })
  })

  it('shows what the functions logged, newest last, and of a run the lines that name it', async () => {
    const [run = ''] = await runs()
    const client = new CloudWatchLogsClient()
    const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand({}))
    const logged = async (verb: string, lines: readonly (readonly [number, string])[]) => {
      const logGroupName = logGroups.find(({ logGroupName: name = '' }) => name.includes(`Lake${verb}Log`))?.logGroupName
      await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 's' }))
      const logEvents = lines.map(([timestamp, message]) => ({ timestamp, message }))
      await client.send(new PutLogEventsCommand({ logGroupName, logStreamName: 's', logEvents }))
    }
    const now = Date.now()
    await logged('Transform', [
      [now - 5000, JSON.stringify({ event: 'partition', view: 'busy', writer: run })],
      [now - 1000, JSON.stringify({ event: 'partition', view: 'busy', writer: 'live' })],
    ])
    await logged('Plan', [[now - 3000, `planned ${run}`]])
    const all = await runCli(['--stack', 'Hindcast', 'logs', '--since', '1m'])
    expect(all.out.trim().split('\n')).toEqual([
      expect.stringMatching(/^\S+Z transform .*"event":"partition"/),
      expect.stringMatching(/^\S+Z plan +planned /),
      expect.stringContaining('"writer":"live"'),
    ])
    const ofRun = await runCli(['--stack', 'Hindcast', 'logs', run, '--function', 'transform', '--json'])
    expect(JSON.parse(ofRun.out)).toMatchObject({ function: 'transform', logged: { event: 'partition', writer: run } })
    expect(await on('logs', '--function', 'trane')).toMatchObject({ code: 2, err: expect.stringContaining('expected one of plan, ') })
  })

  it('computes a bucket in the stack that has it, and here only with the engine build of the lake', async () => {
    const at = ['--lake', `s3://${use.deployed.lake.bucket}`, '--features', use.definitions, '--now', NOW] as const
    const there = await runCli([...at, 'backfill', 'busy', ...APRIL])
    expect(there).toMatchObject({ code: 0, err: expect.stringMatching(/started run \S+-busy-/) })
    const here = await runCli([...at, 'backfill', 'busy', ...APRIL, '--local', '--workers', '1', '--unverified'])
    expect(here).toMatchObject({ code: 0, out: expect.stringContaining('nothing to do') })

    const engine = await use.deployed.store.get('registry/engine.json')
    const { description } = JSON.parse(Buffer.from(engine?.bytes ?? '{}').toString())
    await use.deployed.store.put(
      'registry/engine.json',
      Buffer.from(JSON.stringify({ format: 1, engine: '0123456789ab', description: 'another build' })),
    )
    const before = await keys('runs/')
    const refused = await on('backfill', 'busy', ...APRIL, '--reprocess', 'all', '--local')
    await use.deployed.store.put('registry/engine.json', engine?.bytes ?? new Uint8Array())
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('written by engine build 0123456789ab (another build)') })
    expect(refused.err).toContain(description)
    expect(await keys('runs/')).toEqual(before)
  })

  it('ends as the planner of the stack says', async () => {
    const { code, err } = await on('backfill', 'busy', ...APRIL, '--reprocess', 'all', '--max-cost', '0.000001')
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(/run \S+ failed: the plan may cost .* allowed is 0.000001/) })
  })
})
