import { expect, test } from 'vitest'
import { parseSource } from '../../lib/model/parse-source.ts'
import { parseView } from '../../lib/model/parse-view.ts'
import { watchedViews } from '../../lib/stack/late-views.ts'

const HOUR = 3600
const DAY = 24 * HOUR

function source(name: string, folder: string, more = '') {
  const text = `description: Events.\nkey: ${name}/dt=${folder}/\nformat: csv\nevent_time: at\ncolumns: {at: TIMESTAMP, id: VARCHAR}\n${more}`
  const { source: parsed, problems } = parseSource(`${name}.source.yaml`, text)
  expect(problems).toEqual([])
  return parsed ? [parsed] : []
}

function view(name: string, grain: string, input: string, more = '') {
  const header = `description: Events.\nentity: id\ngrain: ${grain}\ninputs: {${input}: 7 days}\n${more}`
  const { view: parsed, problems } = parseView(
    `${name}.sql`,
    `/* ---\n${header}--- */\nSELECT id, count(*) AS n FROM ${input} GROUP BY id\n`,
  )
  expect(problems).toEqual([])
  return parsed ? [parsed] : []
}

const lateOf = (...args: Parameters<typeof watchedViews>) =>
  Object.fromEntries(watchedViews(...args).map(({ name, lateSeconds }) => [name, lateSeconds]))

test('a view is late when the partition after its newest one could have been found by two sweeps', () => {
  const sources = [...source('hours', '{yyyy}-{MM}-{dd}-{HH}'), ...source('days', '{yyyy}-{MM}-{dd}', 'wait: 3 hours\n')]
  const views = [...view('by_hour', 'hour', 'hours'), ...view('by_day', 'day', 'days'), ...view('by_month', 'month', 'days')]
  const folder = DAY + HOUR
  expect(lateOf(views, sources, HOUR)).toEqual({
    by_hour: 3 * HOUR + 2 * HOUR,
    by_day: DAY + HOUR + folder + 3 * HOUR + DAY + 2 * HOUR,
    by_month: 31 * DAY + folder + 3 * HOUR + DAY + 2 * HOUR,
  })
})

test('what a view waits for counts through other views, and what it says of itself counts more than a grain', () => {
  const sources = source('hours', '{yyyy}-{MM}-{dd}-{HH}', 'wait: 6 hours\n')
  const views = [...view('lower', 'hour', 'hours'), ...view('upper', 'hour', 'lower', 'available_after: 8 hours\n')]
  expect(lateOf(views, sources, 0)).toEqual({ lower: (1 + 1 + 6 + 1) * HOUR, upper: (1 + 1 + 6 + 8) * HOUR })
})

test('views that read one another are reported elsewhere, and end here', () => {
  expect(lateOf([...view('a', 'hour', 'b'), ...view('b', 'hour', 'a')], [], 0)).toEqual({ a: 2 * HOUR, b: 2 * HOUR })
})
