import { describe, expect, it } from 'vitest'
import { buildGraph } from '../../../lib/model/graph.ts'
import { parseSource } from '../../../lib/model/parse-source.ts'
import { parseView } from '../../../lib/model/parse-view.ts'
import { renderProblem } from '../../../lib/model/problem.ts'
import type { Source } from '../../../lib/model/source.ts'
import type { View } from '../../../lib/model/view.ts'

function view(name: string, inputs: Readonly<Record<string, string>>, more = 'grain: day'): View {
  const lines = Object.entries(inputs).map(([input, window]) => `  ${input}: ${window}`)
  const parsed = parseView(`${name}.sql`, `/* ---\ndescription: x\nentity: a\n${more}\ninputs:\n${lines.join('\n')}\n--- */\nSELECT 1`)
  if (!parsed.view) throw new Error(parsed.problems.map(renderProblem).join('\n'))
  return parsed.view
}

function source(name: string, more = 'event_time: at\nstart: 2001'): Source {
  const parsed = parseSource(`${name}.source.yaml`, `description: x\nkey: ${name}/{yyyy}/{MM}/\nformat: parquet\n${more}`)
  if (!parsed.source) throw new Error(parsed.problems.map(renderProblem).join('\n'))
  return parsed.source
}

const names = (items: Iterable<{ readonly name: string }>) => [...items].map((item) => item.name)
const problems = (views: View[], sources: Source[]) => buildGraph(views, sources).problems.map(renderProblem)
const raw = source('raw')

describe('buildGraph', () => {
  const views = [
    view('d', { b: '1 day', c: '1 day', raw: '1 hour' }),
    view('c', { a: '1 day' }),
    view('b', { a: '1 day', other: 'latest' }),
    view('a', { raw: '7 days', again: '{from: raw, window: 1 day}' }),
    view('lone', { other: '1 day' }),
  ]
  const { graph, problems: none } = buildGraph(views, [raw, source('other')])

  it('puts each view above what it reads', () => {
    expect(none).toEqual([])
    expect(graph?.levels.map(names)).toEqual([['a', 'lone'], ['b', 'c'], ['d']])
  })

  it('answers who feeds whom', () => {
    expect(names(graph?.upstreamOf(['d']) ?? [])).toEqual(['a', 'b', 'c'])
    expect(names(graph?.upstreamOf(['c', 'a']) ?? [])).toEqual(['a'])
    expect(names(graph?.downstreamOf(['a']) ?? [])).toEqual(['b', 'c', 'd'])
    expect(names(graph?.downstreamOf(['lone', 'd']) ?? [])).toEqual([])
    expect(names(graph?.sourcesOf('d') ?? [])).toEqual(['other', 'raw'])
    expect(names(graph?.sourcesOf('c') ?? [])).toEqual(['raw'])
    expect(graph?.readersOf('raw').map((reader) => `${reader.view.name}.${reader.input.name}`)).toEqual(['a.raw', 'a.again', 'd.raw'])
    expect(graph?.readersOf('d')).toEqual([])
  })

  const month = view('monthly', { raw: '1 month' }, 'grain: month')
  const daily = view('daily', { raw: '1 day' }, 'grain: day\nzone: America/New_York')
  it.each<[string, View[], Source[], (string | RegExp)[]]>([
    [
      'unknown',
      [view('a', { rav: '1 day' })],
      [raw],
      ["a.sql:6: unknown source or view 'rav', did you mean 'raw'?; found rav, allowed: raw"],
    ],
    [
      'a circle',
      [view('a', { b: '1 day' }), view('b', { c: '1 day' }), view('c', { a: '1 day' })],
      [],
      ['a.sql:6: views feed each other in a circle: a -> b -> c -> a'],
    ],
    ['itself', [view('a', { a: '1 day' })], [], ['a.sql:6: views feed each other in a circle: a -> a']],
    [
      'two circles',
      [view('z', { a: '1 day' }), view('a', { a: '1 day' }), view('b', { z: '1 day', c: '1 day' }), view('c', { b: '1 day' })],
      [],
      [/a -> a$/, /b -> c -> b$/],
    ],
    [
      'a name twice',
      [view('raw', { x: '1 day' })],
      [raw, source('x')],
      [/^raw.sql:1: name 'raw' is used twice.*found a source in raw.source.yaml/],
    ],
    [
      'all without start',
      [view('a', { r: 'all' })],
      [source('r', 'event_time: at')],
      [/a.sql:6: input 'r' reads all of source 'r', which has no start/],
    ],
    [
      'all of a view without start',
      [view('a', { b: 'all' }), view('b', { r: '1 day' })],
      [source('r', 'event_time: at')],
      [/input 'b' reads all of view 'b', which reads 'r' without a start/],
    ],
    [
      'no event time',
      [view('a', { r: '1 day' })],
      [source('r', '')],
      [/input 'r' reads source 'r' by time, but that has no event_time; found 1 day, allowed: latest/],
    ],
    ['no event time, latest', [view('a', { r: 'latest' })], [source('r', '')], []],
    [
      '30 days of months',
      [view('a', { monthly: '30 days' }), month],
      [raw],
      [/input 'monthly' can be empty.*found 30 days, allowed: latest, at least 1 month/],
    ],
    ['31 days of months', [view('a', { monthly: '31 days' }), month], [raw], []],
    ['latest of months', [view('a', { monthly: 'latest' }), month], [raw], []],
    ['24 hours of days with a change of clocks', [view('a', { daily: '24 hours' }), daily], [raw], [/can be empty/]],
    ['1 day of days', [view('a', { daily: '1 day' }), daily], [raw], []],
    ['30 minutes of hours', [view('a', { h: '30 minutes' }), view('h', { raw: '1 hour' }, 'grain: hour')], [raw], [/can be empty/]],
  ])('%s', (_, views, sources, messages) => {
    expect(problems(views, sources)).toEqual(
      messages.map((message) => (typeof message === 'string' ? message : expect.stringMatching(message))),
    )
  })
})
