import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Engine } from '../lib/engine/engine.ts'
import type { Catalog } from '../lib/model/catalog.ts'
import { checkDefinitions } from '../lib/pipeline/check.ts'
import { SYNTHETIC, ZONE } from './synthetic-lake.ts'

const DAY_WINDOWS = ['1 day', '7 days', '14 days', '28 days', '90 days'] as const
const HOUR_WINDOWS = ['1 hour', '6 hours', '24 hours'] as const

/** The definitions, as texts. */
function definitions(): { file: string; text: string }[] {
  const source = (name: string, key: string, zone: string) => ({
    file: `${name}.source.yaml`,
    text: `description: ${name}\nkey: ${key}\nkey_zone: ${zone}\nformat: parquet\nevent_time: at\ncolumns: {at: TIMESTAMP, id: VARCHAR, x: BIGINT}\nstart: ${SYNTHETIC.first}\n`,
  })
  const view = (name: string, header: string, sql: string) => ({
    file: `${name}.sql`,
    text: `/* ---\ndescription: ${name}\nentity: id\nwarm_up: compute\n${header}\n--- */\n${sql}\n`,
  })
  const raw = 'SELECT id, count(*) AS n, sum(x) AS total FROM events GROUP BY id'
  const rolled = 'SELECT id, sum(n) AS n, sum(total) AS total FROM below GROUP BY id'
  return [
    source('days', 'days/dt={yyyy}-{MM}-{dd}/', ZONE),
    source('hours', 'hours/dt={yyyy}-{MM}-{dd}/{HH}/', 'UTC'),
    ...DAY_WINDOWS.map((window, at) =>
      view(`day_${at}`, `grain: day\nzone: ${ZONE}\ninputs: {events: {from: days, window: ${window}}}`, raw),
    ),
    ...HOUR_WINDOWS.map((window, at) => view(`hour_${at}`, `grain: hour\ninputs: {events: {from: hours, window: ${window}}}`, raw)),
    view('day_rolled', `grain: day\nzone: ${ZONE}\ninputs: {below: {from: day_0, window: 28 days}}`, rolled),
    view('hour_rolled', 'grain: hour\ninputs: {below: {from: hour_0, window: 24 hours}}', rolled),
  ]
}

export async function syntheticCatalog(): Promise<Catalog> {
  const engine = new Engine({ scratch: join(tmpdir(), `hindcast-bench-${process.pid}`) })
  const { catalog, problems } = await checkDefinitions({ files: definitions(), engine, sample: false })
  await engine.close()
  if (!catalog) throw new Error(problems.map((problem) => JSON.stringify(problem)).join('\n'))
  return catalog
}

/** The catalog as text, for a process that plans as a deployed planner does: with what is registered, without an engine. */
export function renderCatalog({ sources, features, candidates }: Catalog): string {
  return JSON.stringify({ sources: [...sources], features: [...features], candidates: [...candidates] })
}
