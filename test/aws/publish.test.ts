/**
 * The gate and the publish of a deployed run, through the real definition. What the emulator cannot show is said in `backfill.test.ts`.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TrainedSet } from '../../functions/train.ts'
import { DataError, InternalError, TransientError, Unfinished } from '../../lib/model/errors.ts'
import { sha256 } from '../../lib/model/hash.ts'
import type { RunReport } from '../../lib/pipeline/run-report.ts'
import { runCli } from '../e2e/run-cli.ts'
import { forgeOutput } from '../support/forge-receipt.ts'
import { missingEmulator } from './emulator.ts'
import { DEFINITIONS, days, NOW, tickKey, ticks } from './orders.ts'
import { useDeployed } from './use-deployed.ts'

const missing = missingEmulator()
const APRIL = { views: ['busy', 'busier'], from: '2001-04-01', to: '2001-04-30', toleratedFailures: 0 }
const HISTORY = days('2001-03-25', 34)
const LIVE = days('2001-04-28', 3)

describe.skipIf(missing !== undefined)(`publishing a deployed run, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  const use = useDeployed({ definitions: DEFINITIONS, now: NOW })
  const published = async () => {
    const found = await use.deployed.store.get('registry/published.json')
    return JSON.parse(Buffer.from(found?.bytes ?? '{}').toString()).views
  }
  const lay = async (names: readonly string[]) => {
    for (const day of names) await use.deployed.store.put(tickKey(day), ticks(day))
  }

  // Each test has the definitions, and nothing of another one.
  beforeEach(async () => {
    await use.deployed.purge()
    const kept = (key: string) => key.startsWith('registry/') && !key.includes('/published') && !key.includes('/_published/')
    for (const key of await use.deployed.keys('')) if (!kept(key)) await use.deployed.store.delete(key)
  })

  /** A run wrote April up to the last three days, of which live heard. */
  async function layLived(): Promise<void> {
    await lay(HISTORY)
    await use.deployed.purge()
    expect(await use.deployed.backfill({ ...APRIL, to: '2001-04-27', unverified: true })).toMatchObject({ status: 'SUCCEEDED' })
    await lay(LIVE)
    await use.deployed.drain()
  }

  it('publishes nothing that was not verified, and says so by a name of its own; the run stands', async () => {
    const { deployed } = use
    await lay(HISTORY)
    const failed = await deployed.backfill({ ...APRIL, to: '2001-04-27', publish: true }, 'unverified')
    expect(failed).toMatchObject({ status: 'FAILED', error: 'NotVerified' })
    expect(JSON.parse(failed.cause ?? '')).toMatchObject({
      ...{ run: 'unverified', aborted: false, failed: 0, gate: { verdict: 'not_verified' } },
      publish: { kind: 'not_verified', reason: expect.stringContaining('nothing was compared') },
    })
    expect(await published()).toBeUndefined()
    const told = await watched('unverified')
    expect(told).toMatchObject({
      code: 5,
      out: expect.stringMatching(/failed with NotVerified: .* publish busy busier --unverified publishes it/),
    })
    const left = await deployed.keys('runs/unverified/')
    expect(left).toEqual(expect.arrayContaining(['runs/unverified/publish.json', 'runs/unverified/report.json']))
  })

  it('verifies what live wrote and publishes all views of the run with one put', async () => {
    const { deployed } = use
    await layLived()
    const { status, output, cause } = await deployed.backfill({ ...APRIL, publish: true }, 'publishing')
    expect({ status, cause }).toEqual({ status: 'SUCCEEDED' })
    expect(output.publish).toMatchObject({ kind: 'published' })
    expect(output.gate).toMatchObject({ verdict: 'verified', different: [] })
    expect(output.gate?.compared).toBeGreaterThanOrEqual(4)
    expect(Object.keys(await published()).sort()).toEqual(['busier', 'busy'])
    const file = await deployed.store.get('runs/publishing/report.json')
    const { bill } = JSON.parse(Buffer.from(file?.bytes ?? []).toString()) as RunReport
    expect(bill.lines.find(({ line }) => line === 'lambda verification')?.amount).toBeGreaterThan(0)
  })

  it('makes a training set of labels that lie in the lake, and says what does not fit one function', async () => {
    const { deployed } = use
    await layLived()
    expect(await deployed.backfill({ ...APRIL, publish: true })).toMatchObject({ status: 'SUCCEEDED' })
    const train = (event: object) => deployed.call('LakeTrain', event)
    const labels = 'asked,id\n2001-04-20T10:00:00Z,a\n2001-04-21T10:00:00Z,new\n'
    await deployed.store.put('labels/again.csv', Buffer.from(labels))
    const set = (await train({ name: 'again' })) as TrainedSet
    expect(set).toMatchObject({ name: 'again', rows: 2, files: 1, warnings: [] })
    const files = await deployed.keys(`training/again/${set.run}/`)
    expect(files).toEqual([set.manifest, `training/again/${set.run}/part-00000.parquet`])
    const dir = mkdtempSync(join(tmpdir(), 'hindcast-train-'))
    for (const [file, text] of Object.entries(DEFINITIONS)) writeFileSync(join(dir, file), text)
    const there = ['--lake', deployed.store.location, '--features', dir, '--now', new Date(NOW).toISOString()]
    const { code, out } = await runCli([...there, 'train', 'again', '--json'])
    const { files: parts } = JSON.parse(out) as { readonly files: readonly { readonly sha256: string }[] }
    const bytes = (await deployed.store.get(files[1] ?? ''))?.bytes ?? new Uint8Array()
    expect({ code, sha: parts.map(({ sha256: sha }) => sha) }).toEqual({ code: 0, sha: [sha256(bytes)] })

    await deployed.store.put('labels/many.csv', Buffer.from(labels.replace('\n', `\n${'2001-04-20T10:00:00Z,a\n'.repeat(50_000)}`)))
    const tooLarge = /the labels \(2 MB\) and the partitions that they read \(1 MB\) do not fit here; expected at most 1 MB/
    await expect(train({ name: 'again', labels: 'labels/many.csv' })).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: tooLarge,
    })
    await expect(train({ name: 'agian' })).rejects.toThrow(/there is no training set 'agian' in .*; expected one of again/)
    await expect(train({ name: 'again', label: 'x' })).rejects.toThrow(/Unrecognized key: "label"/)
    expect(await deployed.keys('training/')).toHaveLength(4)
  })

  it('stops before it computes where a backfill gives other bytes than live wrote', async () => {
    const { deployed } = use
    await layLived()
    const busy = (await tables()).find((table) => table.startsWith('features/busy/')) ?? ''
    const before = await deployed.store.get(`${busy}dt=2001-04-29/features.parquet`)
    await forgeOutput(deployed.store, `${busy}dt=2001-04-20/`, `${busy}dt=2001-04-29/`)
    await deployed.remove(`${busy}dt=2001-04-10/`)
    use.calls = 0
    const failed = await deployed.backfill(APRIL, 'differing')
    expect(failed).toMatchObject({ status: 'FAILED', error: 'LiveDiffers' })
    const gate = { verdict: 'different', different: ['busy 2001-04-29'] }
    expect(JSON.parse(failed.cause ?? '')).toMatchObject({ aborted: false, outcomes: {}, gate })
    expect(use.calls).toBe(0)
    const told = await watched('differing')
    expect(told).toMatchObject({
      code: 4,
      out: expect.stringMatching(/failed with LiveDiffers: nothing was computed; .* verify busy busier shows/),
    })
    expect(await deployed.keys(`${busy}dt=2001-04-10/`)).toEqual([])
    expect(await deployed.keys('runs/active/')).toEqual([])
    await deployed.store.put(`${busy}dt=2001-04-29/features.parquet`, before?.bytes ?? new Uint8Array())
    expect(await deployed.backfill({ ...APRIL, unverified: true })).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0 } })
    expect(await deployed.keys(`${busy}dt=2001-04-10/`)).toHaveLength(2)
  })

  it('goes on with a gate that ran out of time, and publishes again where that may help', async () => {
    await lay([...HISTORY, ...LIVE])
    const tries: string[] = []
    const once: Readonly<Record<string, Error>> = {
      Verify: new Unfinished('the gate is not finished'),
      Publish: new TransientError('throttled'),
    }
    const expires: number[] = []
    use.fault = ({ functionName, event }) => {
      const [, verb = ''] = /Lake(Plan|Verify|Publish|Report)/.exec(functionName) ?? []
      if (verb === 'Plan' && event !== null && typeof event === 'object' && 'claimMs' in event) expires.push(Number(event.claimMs))
      tries.push(verb)
      const error = once[verb]
      if (error && tries.filter((one) => one === verb).length === 1) throw error
    }
    const request = { view: 'busy', from: '2001-04-01', to: '2001-04-30', reprocess: 'all', publish: true, unverified: true }
    const ended = await use.deployed.backfill({ ...request, toleratedFailures: 0 })
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0, publish: { kind: 'published' } } })
    expect(tries.filter((verb) => verb !== '')).toEqual(['Plan', 'Verify', 'Verify', 'Plan', 'Publish', 'Publish', 'Report'])
    expect(expires).toEqual([expect.any(Number)])
    expect(expires[0]).toBeGreaterThan(2 * 3_600_000)
  })

  it('says of other ends what the same run would end with on one machine', async () => {
    const { deployed } = use
    await lay([...HISTORY, ...LIVE])
    const request = { view: 'busy', from: '2001-04-01', to: '2001-04-30', reprocess: 'all', unverified: true, maxConcurrency: 4 }
    const failing = (verb: string, error: Error) => {
      use.fault = ({ functionName, event }) => {
        const { place } = event as { readonly place?: { readonly index: number } }
        if (functionName.includes(`Lake${verb}`) && (place?.index ?? 0) === 0) throw error
      }
    }
    failing('Transform', new DataError('bad bytes'))
    const lost = await deployed.backfill({ ...request, publish: true, toleratedFailures: 50 }, 'lost')
    expect(lost).toMatchObject({ status: 'FAILED', error: 'NotPublished' })
    expect(await watched('lost')).toMatchObject({
      code: 3,
      out: expect.stringMatching(/1 task\(s\) of the run failed.*failed with NotPublished: what was computed stands/s),
    })
    await deployed.backfill({ ...request, publish: true, toleratedFailures: 0 }, 'threshold')
    expect(await watched('threshold')).toMatchObject({ code: 3, out: expect.stringContaining('redrive threshold too') })
    failing('Verify', new InternalError('what nobody foresaw'))
    await deployed.backfill(request, 'bug')
    expect(await watched('bug')).toMatchObject({ code: 1, out: expect.stringMatching(/failed with InternalError: .* logs bug shows/) })
    failing('Verify', new TransientError('the network'))
    await deployed.backfill(request, 'network')
    expect(await watched('network')).toMatchObject({ code: 6, out: expect.stringContaining('the same command goes on with the rest') })
    use.fault = () => undefined
    await deployed.backfill({ ...request, maxCost: 0.000001 }, 'dear')
    expect(await watched('dear')).toMatchObject({ code: 2, err: expect.stringMatching(/the plan may cost .* allowed is 0.000001/) })
    await deployed.backfill({ ...request, maxTasks: 4 }, 'unknown-key')
    expect(await watched('unknown-key')).toMatchObject({ code: 2, err: expect.stringContaining('maxTasks') })
  })

  /** What the command line says of a run that has ended. */
  function watched(run: string) {
    return runCli(['--stack', 'Hindcast', 'watch', run])
  }

  /** Prefixes of the versions that have outputs. */
  async function tables(): Promise<string[]> {
    const keys = await use.deployed.keys('features/bus')
    return [...new Set(keys.map((key) => key.slice(0, key.indexOf('dt='))))]
  }
})
