/**
 *     npm run test:simulation -- 20000 [--seed N] [--pure] [--plain] [--mutant NAME]     many schedules, on all cores
 *     npm run test:simulation -- --trace SEED [--pure] [--plain] [--mutant NAME]         one schedule, step by step
 */
import { parseArgs } from 'node:util'
import { runBatch } from './fan-out.ts'
import { installMutant, MUTANTS } from './mutants.ts'
import { installNoDisk } from './no-disk.ts'
import type { ScheduleResult } from './schedule.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    trace: { type: 'string' },
    plain: { type: 'boolean', default: false },
    pure: { type: 'boolean', default: false },
    mutant: { type: 'string' },
  },
})
const engine = values.plain ? 'plain' : 'real'
const mutant = values.mutant === undefined ? {} : { mutant: values.mutant }
if (values.mutant !== undefined && !(values.mutant in MUTANTS)) throw new Error(`mutants: ${Object.keys(MUTANTS).join(', ')}`)
process.exitCode = values.trace === undefined ? await runMany(Number(positionals[0] ?? 300)) : await traceOne(Number(values.trace))

async function runMany(count: number): Promise<number> {
  const began = performance.now()
  const first = Number(values.seed)
  let done = 0
  const results = await runBatch({ first, count, pure: values.pure, engine, ...mutant }, (result) => {
    done++
    if (result.problems.length > 0) console.log(`seed ${result.seed}: ${result.problems.slice(0, 3).join('\n    ')}`)
    if (done % 500 === 0) console.error(`${done} of ${count} schedules, ${Math.round((performance.now() - began) / 1000)} s`)
  })
  console.log(summarize(results, Math.round((performance.now() - began) / 1000)))
  return results.some((result) => result.problems.length > 0) ? 1 : 0
}

function summarize(results: readonly ScheduleResult[], seconds: number): string {
  const count = (test: (result: ScheduleResult) => boolean) => results.filter(test).length
  const sum = (pick: (result: ScheduleResult) => number) => results.reduce((total, result) => total + pick(result), 0)
  return (
    `${results.length} schedules from seed ${values.seed} in ${seconds} s: ${sum((one) => one.steps)} steps, ${sum((one) => one.puts)} puts, ` +
    `${sum((one) => one.compared)} partitions compared, ${count((one) => one.shrunk > 0)} schedules with shrunk ones; ` +
    `not right before the last sweep ${count((one) => one.before.length > 0)}, wrong at the end ${count((one) => one.problems.length > 0)}`
  )
}

async function traceOne(seed: number): Promise<number> {
  installNoDisk()
  const faults = values.mutant === undefined ? {} : installMutant(values.mutant)
  const { Laboratory } = await import('./schedule.ts')
  const laboratory = new Laboratory(engine)
  const result = await laboratory.run(seed, { pure: values.pure, faults, trace: (line) => console.log(line) })
  await laboratory.close()
  console.log(result)
  return result.problems.length > 0 ? 1 : 0
}
