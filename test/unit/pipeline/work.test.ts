import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { addWork, NO_WORK, PRICES, quoteOf } from '../../../lib/model/price.ts'
import { TASK_SECONDS } from '../../../lib/pipeline/request.ts'
import { type Bound, secondsOf, workOfTask } from '../../../lib/pipeline/work.ts'

/** The flights: 13.5 MB of Parquet in 182 days, an object each, of which a partition reads a week. */
const DAY_BYTES = 13_493_022 / 182
const WINDOW = 7
const MILLION = 1_000_000

/** Tasks as a plan packs them: so many adjacent days, whose windows overlap. */
function millionOf(bound: Bound) {
  const scanned = WINDOW * DAY_BYTES
  const partitions = Math.ceil(TASK_SECONDS / secondsOf({ partitions: 1, scanned }, 'high'))
  const objects = partitions + WINDOW - 1
  const fetched = { objects, bytes: objects * DAY_BYTES, scanned: partitions * scanned }
  const task = { view: 'v', version: 'a', first: '', last: '', partitions, maybe: 0, ...fetched }
  const tasks = Math.ceil(MILLION / partitions)
  return Array.from({ length: tasks }, () => workOfTask(task, bound)).reduce(addWork, NO_WORK)
}

test('a million partitions are priced in the documentation as a plan prices them', async () => {
  const { lines, lowUsd, highUsd } = quoteOf(millionOf('low'), millionOf('high'), PRICES)
  const row = (name: string, low: number, high: number) => `| ${name} | ${low.toFixed(2)} | ${high.toFixed(2)} |`
  const priced = lines.filter(({ highUsd: usd }) => usd >= 0.005)
  const rows = [...priced.map(({ line, lowUsd: low, highUsd: high }) => row(line, low, high)), row('together', lowUsd, highUsd)]
  const page = (await readFile('docs/deploy.md', 'utf8')).replace(/ {2,}/g, ' ')
  expect(page).toContain(rows.join('\n'))
})
