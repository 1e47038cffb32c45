import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OwnedEnvironment, openEnvironment } from '../../functions/environment.ts'
import { lakeBucketOf } from '../../functions/place.ts'
import { createPlanHandler } from '../../functions/plan.ts'
import type { Planning } from '../../functions/planning.ts'
import { createPublishHandler } from '../../functions/publish.ts'
import { createRegisterHandler } from '../../functions/register.ts'
import { createReportHandler } from '../../functions/report.ts'
import { createSweepHandler } from '../../functions/sweep.ts'
import { createTrainHandler } from '../../functions/train.ts'
import { createTransformHandler } from '../../functions/transform.ts'
import { createVerifyHandler } from '../../functions/verify.ts'
import { unreservedConcurrency } from '../../lib/lake/account-concurrency.ts'
import { openLake } from '../../lib/lake/open-lake.ts'
import { queueSender } from '../../lib/lake/queue-sender.ts'
import { readCatalog, readEngine } from '../../lib/lake/registry.ts'
import type { Invocation } from './lambda-runner.ts'

/** Functions that compute at the same time, each with an engine of its own, as processes of Lambda are. */
const LANES = 2

/** A call of a function: `event` in, its answer out. */
type Call = (event: unknown, context: object) => Promise<unknown>

export interface DeployedFunctions {
  run(invocation: Invocation): Promise<unknown>
  close(): Promise<void>
}

export interface FunctionsOptions {
  readonly definitions: string
  /** What every clock says, in milliseconds. */
  readonly now: number
  /** Milliseconds that a call has left when it asks. */
  readonly timeLeft: (invocation: Invocation) => number
}

/** The handlers as they are deployed, at a fixed clock and with the definitions of a test. The emulator's environment names lake and queue. */
export function openFunctions({ definitions, now, timeLeft }: FunctionsOptions): DeployedFunctions {
  const pools = {
    transform: new Lanes({ definitions, now }),
    verify: new Lanes({ definitions, now }),
    train: new Lanes({ definitions, now }),
  }
  const onLane = (invocation: Invocation, verb: keyof typeof pools): Promise<unknown> => {
    const context = { getRemainingTimeInMillis: () => timeLeft(invocation) }
    return pools[verb].with(invocation.environment, (lane) => lane[verb](invocation.event, context))
  }
  const light = (environment: Invocation['environment']) => () => openPlanning(environment, now)
  return {
    run: async (invocation) => {
      const { functionName, environment, event } = invocation
      const [, verb] = /Lake(Transform|Plan|Verify|Publish|Report|Sweep|Register|Train)/.exec(functionName) ?? []
      if (verb === 'Transform') return onLane(invocation, 'transform')
      if (verb === 'Plan')
        return call(
          createPlanHandler(light(environment), () => Number(environment.HINDCAST_MAP_CONCURRENCY)),
          event,
        )
      if (verb === 'Verify') return onLane(invocation, 'verify')
      if (verb === 'Train') return onLane(invocation, 'train')
      if (verb === 'Publish') return call(createPublishHandler(light(environment)), event)
      if (verb === 'Report') return call(createReportHandler(light(environment)), event)
      if (verb === 'Sweep') return call(createSweepHandler(light(environment)), event)
      return call(
        createRegisterHandler(() => ({
          lake: environment.HINDCAST_LAKE ?? '',
          definitions,
          concurrency: unreservedConcurrency,
        })),
        event,
      )
    },
    close: async () => {
      for (const pool of Object.values(pools)) await pool.close()
    },
  }
}

function call(handler: unknown, event: unknown): Promise<unknown> {
  return (handler as (event: unknown, context: object) => Promise<unknown>)(event, {})
}

/** The processes of one function: they have its environment, and no other function's. */
class Lanes {
  readonly #options: Pick<FunctionsOptions, 'definitions' | 'now'>
  readonly #all: Lane[] = []
  readonly #idle: Lane[] = []
  readonly #waiting: ((lane: Lane) => void)[] = []

  constructor(options: Pick<FunctionsOptions, 'definitions' | 'now'>) {
    this.#options = options
  }

  async with(environment: Invocation['environment'], work: (lane: Lane) => Promise<unknown>): Promise<unknown> {
    const lane = this.#idle.pop() ?? this.#start(environment) ?? (await new Promise<Lane>((resolve) => this.#waiting.push(resolve)))
    try {
      return await work(lane)
    } finally {
      const next = this.#waiting.shift()
      if (next) next(lane)
      else this.#idle.push(lane)
    }
  }

  async close(): Promise<void> {
    for (const lane of this.#all) await lane.close()
  }

  #start(environment: Invocation['environment']): Lane | undefined {
    if (this.#all.length >= LANES) return undefined
    const lane = new Lane(environment, this.#options)
    this.#all.push(lane)
    return lane
  }
}

/** One process of a function that computes. */
class Lane {
  readonly transform: Call
  readonly verify: Call
  readonly train: Call
  readonly #environment: Promise<OwnedEnvironment>

  constructor(
    { HINDCAST_LAKE: lake = '', HINDCAST_QUEUE_URL: url = '' }: Invocation['environment'],
    { now, definitions }: Pick<FunctionsOptions, 'now' | 'definitions'>,
  ) {
    const scratch = mkdtempSync(join(tmpdir(), 'hindcast-lane-'))
    this.#environment = openEnvironment({ lake, scratch, send: queueSender(url), now: () => now, log: () => undefined })
    const transform = createTransformHandler(
      () => this.#environment,
      () => lakeBucketOf(lake),
    )
    this.transform = (event, context) => (transform as unknown as Call)(event, context)
    const verify = createVerifyHandler(() => this.#environment)
    this.verify = (event, context) => (verify as unknown as Call)(event, context)
    const train = createTrainHandler(
      () => this.#environment,
      () => ({ definitions, bytesMax: 1_000_000 }),
    )
    this.train = (event, context) => (train as unknown as Call)(event, context)
  }

  async close(): Promise<void> {
    await (await this.#environment).close()
  }
}

async function openPlanning(
  { HINDCAST_LAKE: place = '', HINDCAST_QUEUE_URL: url }: Invocation['environment'],
  now: number,
): Promise<Planning> {
  const lake = await openLake(place)
  const engine = { build: await readEngine(lake.store) }
  const send = url === undefined ? async () => undefined : queueSender(url)
  const effects = { lake, engine, queue: { send }, now: () => now, newId: () => crypto.randomUUID(), log: () => undefined }
  return { catalog: await readCatalog(lake.store, now), effects }
}
