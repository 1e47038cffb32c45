import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import middy from '@middy/core'
import { LocalEngine } from '../lib/engine/local-engine.ts'
import { readDefinitions } from '../lib/lake/definitions.ts'
import { openLake } from '../lib/lake/open-lake.ts'
import { type Registered, requireEngine } from '../lib/lake/registry.ts'
import { requireCaps } from '../lib/model/caps.ts'
import { InvalidInputError, renderError } from '../lib/model/errors.ts'
import { renderProblem } from '../lib/model/problem.ts'
import { checkDefinitions } from '../lib/pipeline/check.ts'
import type { LogEvent } from '../lib/pipeline/effects.ts'
import { registerDefinitions } from '../lib/pipeline/register.ts'
import { answerDeploy, capsOf, isDeployEvent } from './deploy-event.ts'
import { observed, tellOfProcess } from './observed.ts'
import { placeOfProcess } from './place.ts'

export interface RegisterOptions {
  readonly lake: string
  /** Folder of the definitions. */
  readonly definitions: string
  /** Executions at a time that the account has for functions without a reservation. */
  readonly concurrency: () => Promise<number>
  /** Default: nothing is told. */
  readonly log?: (event: LogEvent) => void
}

/**
 * Freezes the definitions that were deployed with it as candidates; readers see nothing of it before a publish. A deploy calls it as a
 * custom resource and fails with every problem that the definitions have, and for caps that the account does not have.
 */
export function createRegisterHandler(open: () => RegisterOptions | Promise<RegisterOptions>) {
  return middy<unknown, readonly Registered[]>().handler(async (event) => {
    const options = await open()
    if (!isDeployEvent(event)) return register(options)
    // What was registered outlives the stack, as the lake does.
    if (event.RequestType === 'Delete') return answered(event, [])
    try {
      requireCaps(capsOf(event), await options.concurrency())
      return await answered(event, await register(options))
    } catch (error) {
      options.log?.({ event: 'failed', error: renderError(error) })
      await answerDeploy(event, { status: 'FAILED', reason: renderError(error) })
      return []
    }
  })
}

async function answered(event: Parameters<typeof answerDeploy>[0], registered: readonly Registered[]): Promise<readonly Registered[]> {
  await answerDeploy(event, { status: 'SUCCESS' })
  return registered
}

async function register({ lake: place, definitions, log }: RegisterOptions): Promise<Registered[]> {
  const lake = await openLake(place)
  const engine = new LocalEngine({ scratch: join(tmpdir(), `hindcast-${randomUUID()}`) })
  try {
    await requireEngine(lake.store, engine.build)
    const files = await readDefinitions(definitions)
    const { problems, catalog } = await checkDefinitions({ files, engine: engine.engine, lake, sample: false })
    if (problems.length > 0 || !catalog)
      throw new InvalidInputError(`the definitions have ${problems.length} problem(s):\n${problems.map(renderProblem).join('\n')}`)
    const registered = await registerDefinitions(lake.store, catalog, { now: Date.now(), breaking: false, files })
    for (const one of registered) log?.({ event: 'registered', ...one })
    return registered
  } finally {
    await engine.close()
    await lake.close()
  }
}

/** The deployed function: its definitions lie beside it. */
export const handler = createRegisterHandler(async () => ({
  lake: placeOfProcess(),
  definitions: join(import.meta.dirname, 'definitions'),
  concurrency: async () => (await import('../lib/lake/account-concurrency.ts')).unreservedConcurrency(),
  log: await tellOfProcess(),
})).use(observed())
