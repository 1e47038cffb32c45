import { existsSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalEngine } from '../../../lib/engine/local-engine.ts'
import { buildReference, check } from './check.ts'
import { Contents, type RowReader } from './contents.ts'
import { Memo, MemoEngine } from './memo-engine.ts'
import { PlainContents, PlainEngine } from './plain-engine.ts'
import type { Faults } from './scheduled-store.ts'
import { Simulation } from './simulation.ts'

/** What one schedule came to. */
export interface ScheduleResult {
  readonly seed: number
  readonly steps: number
  readonly puts: number
  readonly compared: number
  readonly shrunk: number
  /** What was wrong before the last sweep: information, since the sweep is there to heal it. */
  readonly before: readonly string[]
  readonly problems: readonly string[]
}

export interface ScheduleOptions {
  readonly pure?: boolean
  readonly faults?: Faults
  trace?(line: string): void
}

/** The engine and what it answered so far; shared by the schedules of a process. */
export class Laboratory {
  readonly contents: RowReader
  readonly #memo: Memo | undefined
  readonly #dir = mkdtempSync(join(tmpdir(), 'simulation-'))
  #count = 0

  /** `plain`: code of the test stands for the engine. */
  constructor(engine: 'real' | 'plain') {
    if (engine === 'plain') {
      this.contents = new PlainContents()
      return
    }
    const real = new LocalEngine({ scratch: join(this.#dir, 'engine'), memoryLimitMb: 256 })
    this.#memo = new Memo(real)
    this.contents = new Contents(real)
  }

  /** Runs one schedule to its end and checks it. Nothing is thrown: what went wrong is among the problems. */
  async run(seed: number, options: ScheduleOptions = {}): Promise<ScheduleResult> {
    const scratch = join(this.#dir, String(this.#count++))
    const { pure = false, faults = {} } = options
    const memo = this.#memo
    const simulation = new Simulation({
      seed,
      contents: this.contents,
      engine: (files, scheduler) => (memo ? new MemoEngine(memo, files, scheduler, scratch) : new PlainEngine(files, scratch)),
      pure,
      faults,
      ...(options.trace && { trace: options.trace }),
    })
    const result = { seed, compared: 0, shrunk: 0, before: [] as readonly string[], problems: [] as string[] }
    try {
      await this.#run(simulation, result, pure)
    } catch (error) {
      result.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    if (existsSync(scratch)) result.problems.push('the pipeline used the disk: installNoDisk was not called')
    return { ...result, steps: simulation.steps, puts: simulation.disk.counts.puts }
  }

  async #run(
    simulation: Simulation,
    result: { compared: number; shrunk: number; before: readonly string[]; problems: string[] },
    pure: boolean,
  ): Promise<void> {
    await simulation.chaos()
    result.problems.push(...simulation.problems)
    if (result.problems.length > 0) return
    const { contents } = this
    if (!pure) {
      simulation.hold()
      const reference = await buildReference(simulation, contents)
      result.before = (await check(simulation, { contents, reference, requested: false, receipts: false, pure })).problems
    }
    await simulation.finish()
    const reference = await buildReference(simulation, contents)
    const swept = await check(simulation, { contents, reference, requested: false, receipts: true, pure })
    result.problems.push(...simulation.problems, ...swept.problems)
    Object.assign(result, { compared: swept.compared, shrunk: swept.shrunk })
    if (pure || result.problems.length > 0) return
    await simulation.run({ reprocess: 'all' })
    const requested = await check(simulation, { contents, reference, requested: true, receipts: false, pure })
    result.problems.push(...requested.problems.map((problem) => `after a request: ${problem}`))
  }

  async close(): Promise<void> {
    await this.#memo?.engine.close()
    await rm(this.#dir, { recursive: true, force: true })
  }
}
