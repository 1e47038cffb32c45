/**
 * Tasks of a deployed backfill that fail, flake, are cut off or run out of time. Errors of Lambda itself are thrown by the test under the
 * names that Step Functions gives them; that AWS uses these names is its documentation's word, not shown here. Waits between tries are a
 * twentieth of the definition's, and there is no jitter.
 */
import { describe, expect, it } from 'vitest'
import { DataError, TransientError } from '../../lib/model/errors.ts'
import type { RunReport } from '../../lib/pipeline/run-report.ts'
import { missingEmulator } from './emulator.ts'
import type { Invocation } from './lambda-runner.ts'
import { DEFINITIONS, days, NOW, tickKey, ticks } from './orders.ts'
import { useDeployed } from './use-deployed.ts'

const missing = missingEmulator()
/** Ten tasks of two partitions each. */
const REQUEST = { view: 'busy', from: '2001-03-01', to: '2001-03-20', reprocess: 'all', maxConcurrency: 10 }

const named = (name: string, message: string) => Object.assign(new Error(message), { name })
const indexOf = ({ event }: Invocation) => (event as { readonly place?: { readonly index: number } }).place?.index ?? -1

describe.skipIf(missing !== undefined)(`tasks that fail, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  const use = useDeployed({ definitions: DEFINITIONS, now: NOW })

  /** Tasks of a run whose calls meet this fault; gives how often each was called. */
  function failTasks(error: (index: number, tries: number) => Error | undefined): Map<number, number> {
    const tries = new Map<number, number>()
    use.fault = (invocation) => {
      const index = indexOf(invocation)
      tries.set(index, (tries.get(index) ?? 0) + 1)
      const met = index < 0 ? undefined : error(index, tries.get(index) ?? 0)
      if (met) throw met
    }
    return tries
  }

  async function reportOf(run: string): Promise<RunReport> {
    return JSON.parse(Buffer.from((await use.deployed.store.get(`runs/${run}/report.json`))?.bytes ?? []).toString()) as RunReport
  }

  it('tries again what may pass: our own, Lambda’s, and what was cut off', async () => {
    for (const day of days('2001-03-01', 20)) await use.deployed.store.put(tickKey(day), ticks(day))
    const faults: readonly (readonly Error[])[] = [
      [],
      [new TransientError('the network'), new TransientError('the network')],
      [named('Lambda.TooManyRequestsException', 'Rate exceeded'), named('Lambda.ServiceException', 'internal')],
      [named('Sandbox.Timedout', 'Task timed out after 900.00 seconds')],
      [named('Runtime.ExitError', 'RequestId: … Error: Runtime exited with error: signal: killed')],
      [named('ConflictError', 'someone else was faster')],
    ]
    const tries = failTasks((index, count) => faults[index]?.[count - 1])
    expect(await use.deployed.backfill({ ...REQUEST, toleratedFailures: 0 })).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0 } })
    expect(faults.map((_, index) => tries.get(index))).toEqual(faults.map((all) => all.length + 1))
  })

  it('goes on where a task ran out of time, and computes nothing twice', async () => {
    await use.deployed.remove('features/busy/')
    const tries = failTasks(() => undefined)
    // The framework looks at the clock as a call begins, then each batch of partitions does: there is time for one.
    const looks = new Map<Invocation, number>()
    use.timeLeft = (invocation) => {
      looks.set(invocation, (looks.get(invocation) ?? 0) + 1)
      return indexOf(invocation) === 0 && (looks.get(invocation) ?? 0) > 2 ? 1000 : 900_000
    }
    const { status, output } = await use.deployed.backfill({ ...REQUEST, reprocess: 'stale', maxConcurrency: 1 }, 'out-of-time')
    // Sixteen partitions are a batch; what the first try wrote counts, and so does what it took.
    expect({ status, output }).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0, outcomes: { written: 20 } } })
    expect(output.outcomes).toEqual({ written: 20 })
    expect(tries.get(0)).toBe(2)
    expect(Object.keys(await use.deployed.outputs('features/busy/'))).toHaveLength(20)
    const report = await reportOf('out-of-time')
    expect(report).toMatchObject({ rows: 40, levels: [{ level: 0 }, { tasks: 1, done: 1 }], tries: { lost: 1, uncounted: 0 } })
    expect(report.bill.lines.find(({ line }) => line === 'lambda requests')?.amount).toBe(2)
    // Outputs and receipts of both tries, at least.
    expect(report.spent.requests.puts).toBeGreaterThanOrEqual(40)
  })

  it('goes on also where everything is computed again, and counts what a task did that failed in the end', async () => {
    const looks = new Map<Invocation, number>()
    use.timeLeft = (invocation) => {
      looks.set(invocation, (looks.get(invocation) ?? 0) + 1)
      return indexOf(invocation) === 0 && (looks.get(invocation) ?? 0) > 2 ? 1000 : 900_000
    }
    const tries = failTasks((_, count) => (count > 1 ? new DataError('bad bytes') : undefined))
    const request = { ...REQUEST, maxConcurrency: 1 }
    const failed = await use.deployed.backfill({ ...request, toleratedFailures: 100 }, 'failed-later')
    expect(failed.output).toMatchObject({ failed: 1, outcomes: { confirmed: 16 } })
    failTasks(() => undefined)
    const ended = await use.deployed.backfill(request, 'all-again')
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0, outcomes: { confirmed: 20 } } })
    expect(tries.get(0)).toBe(2)
    const report = await reportOf('all-again')
    expect(report).toMatchObject({ tries: { lost: 1, uncounted: 0 } })
    expect(report.spent.requests.puts).toBeLessThan(30)
  })

  it('gives up on what fails every time: after seven tries of what may pass, after three of what is cut off', async () => {
    const tries = failTasks((index) => {
      if (index === 0) return new TransientError('the network')
      return index === 1 ? named('Sandbox.Timedout', 'Task timed out after 900.00 seconds') : undefined
    })
    const { status, output } = await use.deployed.backfill({ ...REQUEST, toleratedFailures: 20 }, 'gives-up')
    expect({ status, output }).toMatchObject({ status: 'SUCCEEDED', output: { failed: 2 } })
    expect([...output.failures].sort()).toEqual(['Sandbox.Timedout: Task timed out after 900.00 seconds', 'TransientError: the network'])
    expect([tries.get(0), tries.get(1), tries.get(2)]).toEqual([7, 3, 1])
    // Calls that met the function's limit took 900 s each, of 2 GB; of the others nobody knows more than that they left nothing.
    const lost = (await reportOf('gives-up')).bill.lines.find(({ line }) => line === 'lambda lost attempts')
    expect([lost?.amount, lost?.why.join()]).toEqual([3 * 900 * 2, expect.stringMatching(/^4 attempts failed, died or were cut off/)])
  })

  it('tolerates failures up to the request’s share, tries bad data once, and names it', async () => {
    const tries = failTasks((index) => (index === 3 || index === 5 ? new DataError('bad bytes') : undefined))
    const { status, output } = await use.deployed.backfill({ ...REQUEST, toleratedFailures: 20 }, 'tolerated')
    expect({ status, output }).toMatchObject({ status: 'SUCCEEDED', output: { failed: 2 } })
    expect(output.failures).toContain('DataError: bad bytes')
    expect([tries.get(3), tries.get(5)]).toEqual([1, 1])
    expect(await use.deployed.keys('runs/tolerated/')).toContain('runs/tolerated/report.json')
  })

  it('fails beyond it with a report that names them; the same request does only the rest', async () => {
    await use.deployed.remove('features/busy/')
    const request = { ...REQUEST, reprocess: 'stale', toleratedFailures: 5 }
    failTasks((index) => (index === 1 ? new DataError('bad bytes') : undefined))
    const failed = await use.deployed.backfill(request, 'failed')
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' })
    expect(JSON.parse(failed.cause ?? '')).toMatchObject({ run: 'failed', aborted: true, failed: 1, failures: ['DataError: bad bytes'] })
    expect(await use.deployed.keys('runs/active/')).toEqual([])

    // Calls that were under way when the run failed go on to their end, as they do in AWS.
    use.fault = () => undefined
    const rest = await use.deployed.backfill(request)
    expect(rest).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0 } })
    expect(rest.output.outcomes.written).toBeGreaterThanOrEqual(2)
    expect(rest.output.outcomes.written).toBeLessThan(20)
    expect(Object.keys(await use.deployed.outputs('features/busy/'))).toHaveLength(20)
  })
})
