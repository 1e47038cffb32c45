/** Plans 100,000 partitions of the lake in a file, in a process of its own, and prints what that took. Usage: node plan-process.ts LAKE CATALOG */

import { createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { PRICES } from '../lib/model/price.ts'
import { planBackfill } from '../lib/pipeline/plan.ts'
import { TASK_SECONDS } from '../lib/pipeline/request.ts'
import { countedStore, noCounts } from './counted.ts'
import { ENGINE, layLake, parseCatalog, SYNTHETIC, syntheticRequests } from './synthetic-lake.ts'

const catalog = parseCatalog(readFileSync(process.argv[3] ?? '', 'utf8'))
const bare = await layLake(createInterface({ input: createReadStream(process.argv[2] ?? '') }))
const counts = noCounts()
const store = countedStore(bare, counts)
const lake = { store, bucket: () => store }
forgetPeak()
const [began, cpuBegan] = [performance.now(), process.cpuUsage()]
const states: Record<string, number> = {}
let computed = 0
for (const request of syntheticRequests(catalog)) {
  const effects = { lake, engine: ENGINE, now: () => SYNTHETIC.now }
  const plan = await planBackfill(request, catalog, effects, { prices: PRICES, taskSeconds: TASK_SECONDS, tasksWanted: 8 })
  for (const view of plan.views) for (const [state, count] of Object.entries(view.states)) states[state] = (states[state] ?? 0) + count
  computed += plan.partitions + plan.maybe
}
const seconds = (performance.now() - began) / 1000
const cpu = process.cpuUsage(cpuBegan)
const cpuSeconds = (cpu.user + cpu.system) / 1e6
console.log(JSON.stringify({ seconds, cpuSeconds, mb: peakMb(), states, computed, counts }))

/** The lake stays, what filling it left behind does not count (where the system can start anew; else the peak is that of both). */
function forgetPeak(): void {
  globalThis.gc?.()
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {}
}

function peakMb(): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}
