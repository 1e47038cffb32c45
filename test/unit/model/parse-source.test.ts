import { describe, expect, it } from 'vitest'
import { parseSource } from '../../../lib/model/parse-source.ts'
import { renderProblem } from '../../../lib/model/problem.ts'

const REQUIRED = 'description: Flights.\nkey: flights/dt={yyyy}-{MM}-{dd}/\nformat: parquet\n'
const JSON_LINES = `${REQUIRED.replace('parquet', 'json lines')}event_time: at\ncolumns:\n  at: timestamptz\n`
const source = (text: string) => parseSource('features/flights.source.yaml', text)
const problems = (text: string) => source(text).problems.map(renderProblem)

describe('parseSource', () => {
  it('fills in the defaults', () => {
    expect(source(REQUIRED)).toEqual({
      problems: [],
      source: {
        kind: 'source',
        name: 'flights',
        file: 'features/flights.source.yaml',
        description: 'Flights.',
        key: { text: 'flights/dt={yyyy}-{MM}-{dd}/', grain: 'day', captures: [], sorted: true, prefix: 'flights/dt=' },
        keyZone: 'UTC',
        format: { kind: 'parquet', compression: 'auto' },
        folders: 'event_time',
        gaps: 'block',
        waitMs: 0,
        badRows: { maxShare: 0 },
      },
    })
  })

  it('reads every key', () => {
    const text = `description: Flights.
owner: team
key: flights/{carrier}/dt={yyyy}-{MM}-{dd}/
sorted: false
bucket: raw-flights
key_zone: America/New_York
format: {type: csv, compression: gzip, delimiter: "\\t", quote: "'", header: false, null: NA}
event_time: {column: at, unit: ms, zone: Europe/Berlin}
folders: arrival
columns:
  at: bigint
  delay: {type: int, since: 2001-03}
start: 2001
keep: 3 months
marker: _SUCCESS
wait: 15 minutes
bad_rows: {max_share: 0.01}
`
    expect(source(text)).toMatchObject({
      problems: [],
      source: {
        key: { sorted: false, captures: ['carrier'] },
        bucket: 'raw-flights',
        keyZone: 'America/New_York',
        format: { kind: 'csv', compression: 'gzip', csv: { delimiter: '\t', quote: "'", header: false, nullText: 'NA' } },
        eventTime: { column: 'at', unit: 'ms', zone: 'Europe/Berlin' },
        folders: 'arrival',
        columns: [
          { name: 'at', type: 'BIGINT' },
          { name: 'delay', type: 'INTEGER', since: Date.UTC(2001, 2, 1, 5) },
        ],
        start: Date.UTC(2001, 0, 1, 5),
        keep: { count: 3, unit: 'month' },
        gaps: 'empty',
        marker: '_SUCCESS',
        waitMs: 900_000,
        badRows: { maxShare: 0.01 },
      },
    })
  })

  it.each(['json', 'json lines', 'jsonl', 'ndjson', '{type: jsonl, compression: zstd}'])('%s is json', (format) => {
    const text = JSON_LINES.replace('json lines', format)
    expect(source(text)).toMatchObject({ problems: [], source: { format: { kind: 'json' }, eventTime: { column: 'at', zone: 'UTC' } } })
  })

  it.each([
    ['2001-03-04-17', Date.UTC(2001, 2, 4, 16)],
    ['2001-03-04T17:30', Date.UTC(2001, 2, 4, 16, 30)],
    ['2001-03-04T17:30:00Z', Date.UTC(2001, 2, 4, 17, 30)],
    ['2001-03-04 17:30:00-05:00', Date.UTC(2001, 2, 4, 22, 30)],
  ])('start %s is read in the zone of the keys', (start, instant) => {
    expect(source(`${REQUIRED}key_zone: Europe/Berlin\nstart: ${start}`).source?.start).toBe(instant)
  })

  it.each([
    [REQUIRED.replace('flights/', 'f/{c}/'), /source.yaml:2: the keys of template .* do not sort in time order.*'sorted: false'/],
    [`${REQUIRED.replace('flights/', 'f/{c}/')}sorted: true`, /source.yaml:4: .*found sorted: true/],
    [REQUIRED.replace('flights/', '{c}/'), /source.yaml:2: not YAML: .*; text that begins with \{ needs quotes/],
    [REQUIRED.replace('{MM}', 'x'), /source.yaml:2: 'key': key template .* names no whole time/],
    [
      REQUIRED.replace('parquet', 'xml'),
      "features/flights.source.yaml:3: 'format' is not what is expected here; found 'xml', allowed: parquet, json, json lines, jsonl, ndjson, csv, a map",
    ],
    [
      REQUIRED.replace('parquet', '{type: csv, delimeter: x}'),
      /source.yaml:3: unknown key 'delimeter' in 'format', did you mean 'delimiter'\?; found delimeter, allowed: type, /,
    ],
    [REQUIRED.replace('parquet', '{type: parquet, header: true}'), /'format.header' is for csv only/],
    [REQUIRED.replace('parquet', '{type: parquet, compression: gzip}'), /a Parquet file says itself/],
    [REQUIRED.replace('parquet', 'csv'), "features/flights.source.yaml:1: missing key 'columns', which csv needs; allowed: name: type"],
    [
      JSON_LINES.replace('at: timestamptz', 'at: bigint'),
      "features/flights.source.yaml:4: event time 'at' is BIGINT and needs a unit; allowed: s, ms, us, ns",
    ],
    [JSON_LINES.replace('event_time: at', 'event_time: {column: at, unit: ms}'), /a unit is for integers/],
    [
      JSON_LINES.replace('event_time: at', 'event_time: ts'),
      'features/flights.source.yaml:4: the event time is not a declared column; found ts, allowed: at',
    ],
    [JSON_LINES.replace('timestamptz', 'VARCHAR'), /event time 'at' is no time; found VARCHAR/],
    [`${JSON_LINES}  AT: int`, /source.yaml:7: column 'AT' is there twice/],
    [`${JSON_LINES}  c: int\nsorted: false`.replace('flights/', 'f/{c}/'), /source.yaml:7: column 'c' is also a segment of the key/],
    [`${JSON_LINES}  u: uuid`, /source.yaml:7: 'columns.u': type UUID cannot be read; expected another one, such as VARCHAR/],
    [`${JSON_LINES}  u: integr`, /'columns.u': 'integr' is not a type/],
    [`${JSON_LINES}  u: {type: int, path: user.id}`, /source.yaml:7: 'columns.u.path': 'user.id' is not a JSON path/],
    [`${JSON_LINES.replace('json lines', 'csv')}  u: {type: int, path: $.u}`, /column 'u' has a path, which is for json only/],
    [`${JSON_LINES}  u: {type: int, since: 2001-13}`, /source.yaml:7: '2001-13' is not a month partition/],
    [`${REQUIRED}start: soon`, /source.yaml:4: 'soon' is not a time/],
    [`${REQUIRED}folders: arrival`, /arrival folders need the key 'event_time'/],
    [`${REQUIRED}bad_rows: {max_share: 2}`, /source.yaml:4: 'bad_rows.max_share' is out of range.*found 2/],
    [`${REQUIRED}keep: 0 days`, /'keep': '0 days' is no length/],
    [`${REQUIRED}key_zone: +05:30`, /'key_zone': '\+05:30' is not a time zone/],
    [`${REQUIRED}marker: a/b`, /'marker': 'a\/b' is not a file name/],
  ])('%j', (text, message) => {
    expect(problems(text)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)])
  })

  it('unsigned columns can be read', () => {
    expect(source(`${JSON_LINES}  u: uinteger`).source?.columns?.[1]).toEqual({ name: 'u', type: 'UINTEGER' })
  })
})
