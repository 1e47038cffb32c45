import { describe, expect, it } from 'vitest'
import { parseView } from '../../../lib/model/parse-view.ts'
import { renderProblem } from '../../../lib/model/problem.ts'

const REQUIRED = 'description: Busy.\nentity: origin\ngrain: day\ninputs:\n  flights: 7 days'
const file = (header: string, sql = 'SELECT 1') => `/* ---\n${header}\n--- */\n${sql}\n`
const problems = (text: string, name = 'features/busy.sql') => parseView(name, text).problems.map(renderProblem)

describe('parseView', () => {
  it('fills in the defaults', () => {
    expect(parseView('features/busy.sql', `\n${file(REQUIRED, '\n  SELECT 1\nFROM flights\n')}`)).toEqual({
      problems: [],
      view: {
        kind: 'view',
        name: 'busy',
        file: 'features/busy.sql',
        sqlLine: 10,
        sql: '  SELECT 1\nFROM flights',
        description: 'Busy.',
        entity: ['origin'],
        grain: 'day',
        zone: 'UTC',
        inputs: [{ name: 'flights', from: 'flights', window: { kind: 'duration', length: { count: 7, unit: 'day' } }, line: 7 }],
        availableAfterMs: 0,
        absent: {},
        expect: [],
        warn: [],
        columns: {},
        repairMs: 30 * 86_400_000,
        warmUp: 'skip',
        nonFinite: 'refuse',
      },
    })
  })

  it('reads every key', () => {
    const header = `description: Busy.
entity: [origin, dest]
grain: month
zone: America/New_York   # a comment
inputs:
  week: {from: flights, window: 2 months}
  all_time: {from: flights, window: all}
  airports: latest
available_after: 30 minutes
absent: {n: 0, name: none, known: false, x: null}
expect:
  - n > 0
  - count(*) > 100
warn: [n < 1000]
columns: {n: How many.}
owner: team
carry: 30 days
repair: 7 days
warm_up: compute
non_finite: allow
format: 1`
    expect(parseView('a/b.sql', file(header).replaceAll('\n', '\r\n')).view).toMatchObject({
      entity: ['origin', 'dest'],
      zone: 'America/New_York',
      inputs: [
        { name: 'week', from: 'flights', window: { kind: 'duration', length: { count: 2, unit: 'month' } } },
        { name: 'all_time', from: 'flights', window: { kind: 'all' } },
        { name: 'airports', from: 'airports', window: { kind: 'latest' } },
      ],
      availableAfterMs: 1_800_000,
      absent: { n: 0, name: 'none', known: false, x: null },
      expect: ['n > 0', 'count(*) > 100'],
      warn: ['n < 1000'],
      columns: { n: 'How many.' },
      owner: 'team',
      carryMs: 30 * 86_400_000,
      repairMs: 604_800_000,
      warmUp: 'compute',
      nonFinite: 'allow',
    })
  })

  it('lists every problem with its line, not only the first', () => {
    const text = file(
      'entitty: origin\ngrain: week\nzone: Mars/Base\ninputs:\n  flights: {windw: 7 days, from: flights}\n  dt: 0 days\nshards: 4\nformat: 2',
      '  -- none',
    )
    expect(problems(text, 'features/x.sql')).toMatchInlineSnapshot(`
      [
        "features/x.sql:2: missing key 'description'",
        "features/x.sql:2: missing key 'entity'",
        "features/x.sql:2: unknown key 'entitty', did you mean 'entity'?; found entitty, allowed: description, entity, grain, zone, inputs, available_after, absent, expect, warn, columns, owner, carry, repair, warm_up, non_finite, format, shards",
        "features/x.sql:3: 'grain' has a value that is not allowed; found 'week', allowed: hour, day, month",
        "features/x.sql:4: 'zone': 'Mars/Base' is not a time zone; expected an IANA name such as UTC or America/New_York",
        "features/x.sql:6: missing key 'inputs.flights.window'",
        "features/x.sql:6: unknown key 'windw' in 'inputs.flights', did you mean 'window'?; found windw, allowed: from, window",
        "features/x.sql:7: 'inputs.dt': input 'dt' is reserved; expected a name other than dt, v, feature_time and without '__'",
        "features/x.sql:8: 'shards': reserved, not built yet",
        "features/x.sql:9: 'format': found 2; this build reads 1",
        "features/x.sql:11: no SQL after the header; allowed: one SELECT",
      ]
    `)
  })

  it.each([
    ['SELECT 1', "features/busy.sql:1: the header is missing; allowed: a first line '/* ---'"],
    ['', "features/busy.sql:1: the header is missing; allowed: a first line '/* ---'"],
    ['\n/* ---\na: 1\nSELECT 1', "features/busy.sql:2: the header is not closed; allowed: a line '--- */' after the last key"],
    [file(`${REQUIRED}\ngrain: day`), 'features/busy.sql:7: not YAML: Map keys must be unique'],
    [file(REQUIRED, "SELECT 1,\n 'a"), 'features/busy.sql:9: a string is not closed'],
    [file(REQUIRED, ''), 'features/busy.sql:7: no SQL after the header; allowed: one SELECT'],
    [
      file(`${REQUIRED.replace('day\n', 'hour\n')}\nzone: Europe/Berlin`),
      'features/busy.sql:7: hours are always those of UTC; found zone Europe/Berlin, allowed: UTC',
    ],
    [
      file(REQUIRED.replace('7 days', '1 month')),
      "features/busy.sql:6: input 'flights' has a window of months, which only views of grain month may have; found grain day, allowed: days, weeks",
    ],
    [
      file(REQUIRED.replace('7 days', '0 days')),
      "features/busy.sql:6: 'inputs.flights': '0 days' is not a window; expected a length such as 7 days, all or latest",
    ],
    [
      file(REQUIRED.replace('7 days', '7')),
      "features/busy.sql:6: 'inputs.flights' is not what is expected here; found 7, allowed: text, a map",
    ],
    [file(REQUIRED.replace(/inputs:\n.*/, 'inputs: {}')), "features/busy.sql:5: 'inputs': an empty map; expected at least one input"],
    [file(REQUIRED.replace('origin', '[a, b, a]')), "features/busy.sql:3: 'entity': names 'a' twice; expected each column once"],
    [file(REQUIRED.replace('origin', 'feature_time')), /busy.sql:3: 'entity': entity 'feature_time' is reserved/],
    [file(REQUIRED.replace('flights', 'Flights')), /busy.sql:6: 'inputs.Flights': input 'Flights' is not a name/],
    [file(REQUIRED.replace('description: Busy.\n', '')), "features/busy.sql:2: missing key 'description'"],
    [
      file(`${REQUIRED}\nabsent: {n: [1]}`),
      "features/busy.sql:7: 'absent.n' is not what is expected here; found a list, allowed: text, a number, true or false, null",
    ],
    [file(`${REQUIRED}\nabsent: {n: 9007199254740993}`), /'absent.n': too many digits to be exact/],
    [file(`${REQUIRED}\nshards: 4`), "features/busy.sql:7: 'shards': reserved, not built yet"],
    [file(`${REQUIRED}\nformat: 2`), "features/busy.sql:7: 'format': found 2; this build reads 1"],
    [
      file(`${REQUIRED}\nnon_finite: refuse`),
      "features/busy.sql:7: 'non_finite' has a value that is not allowed; found 'refuse', allowed: allow",
    ],
    [file(`${REQUIRED}\nexpect: n > 0`), "features/busy.sql:7: 'expect' has the wrong type; found 'n > 0', allowed: a list"],
    [file(`${REQUIRED}\nexpect:\n  - a > 0\n  - 3`), "features/busy.sql:9: 'expect.1' has the wrong type; found 3, allowed: text"],
    [file(`${REQUIRED}\nrepair: 1 month`), /'repair': '1 month' has no fixed length/],
    [file('- a'), 'features/busy.sql:2: the document has the wrong type; found a list, allowed: a map'],
    [file(''), 'features/busy.sql:2: the document has the wrong type; found nothing, allowed: a map'],
  ])('%j', (text, message) => {
    expect(problems(text)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)])
  })

  it.each(['group', 'Busy', 'busy__week', 'dt', '7days', 'user'])('a view must not be named %s', (name) => {
    expect(problems(file(REQUIRED), `features/${name}.sql`)).toHaveLength(1)
  })
})
