import { describe, expect, it } from 'vitest'
import { parseTraining } from '../../../lib/model/parse-training.ts'
import { renderProblem } from '../../../lib/model/problem.ts'
import { formatOfLabels, kindOfName } from '../../../lib/model/training.ts'
import { problemsOfFeature } from '../../../lib/model/training-rules.ts'

const REQUIRED = `description: Was it late?
labels:
  key: labels/late.parquet
  time: at
features:
  - view: busy
`
const training = (text: string) => parseTraining('features/late.training.yaml', text)
const problems = (text: string) => training(text).problems.map(renderProblem)

describe('parseTraining', () => {
  it('fills in the defaults', () => {
    expect(training(REQUIRED)).toEqual({
      problems: [],
      training: {
        kind: 'training',
        name: 'late',
        file: 'features/late.training.yaml',
        description: 'Was it late?',
        labels: { key: 'labels/late.parquet', time: { column: 'at' } },
        features: [{ view: 'busy', as: 'busy' }],
      },
    })
  })

  it('reads every key', () => {
    const text = `format: 1
description: Was it late?
owner: team
engine: athena
labels:
  path: ./late.txt
  format: {type: csv, delimiter: ";"}
  time: {column: day, zone: America/New_York, at: end_of_day}
  columns: {day: DATE, origin: text, dest: VARCHAR, late: int}
features:
  - {view: busy, as: origin, entity: {airport: origin}, columns: [n, mean]}
  - {view: busy, as: dest, entity: {airport: dest}, carry: 30 days}
  - {view: quiet, carry: none}
`
    expect(training(text)).toMatchObject({
      problems: [],
      training: {
        owner: 'team',
        engine: 'athena',
        labels: {
          path: './late.txt',
          format: { kind: 'csv', csv: { delimiter: ';' } },
          time: { column: 'day', zone: 'America/New_York', at: 'end_of_day' },
          columns: [
            { name: 'day', type: 'DATE' },
            { name: 'origin', type: 'VARCHAR' },
            { name: 'dest', type: 'VARCHAR' },
            { name: 'late', type: 'INTEGER' },
          ],
        },
        features: [
          { view: 'busy', as: 'origin', entity: { airport: 'origin' }, columns: ['n', 'mean'] },
          { view: 'busy', as: 'dest', carry: { ms: 30 * 86_400_000 } },
          { view: 'quiet', as: 'quiet', carry: 'none' },
        ],
      },
    })
  })

  it('lists every problem with its line, not only the first', () => {
    const text = `descripton: x
labels:
  key: /a
  time: {column: at, zone: Mars, att: end}
  columns: {}
features:
  - {view: busy, as: Origin, columns: [n, n]}
  - {as: dest, entity: {}, carry: 0 days}
format: 2
`
    expect(problems(text)).toMatchInlineSnapshot(`
      [
        "features/late.training.yaml:1: missing key 'description'",
        "features/late.training.yaml:1: unknown key 'descripton', did you mean 'description'?; found descripton, allowed: description, owner, engine, labels, features, format",
        "features/late.training.yaml:3: 'labels.key': '/a' is not the key of an object; expected one such as labels/late_flights.parquet",
        "features/late.training.yaml:4: 'labels.time.zone': 'Mars' is not a time zone; expected an IANA name such as UTC or America/New_York",
        "features/late.training.yaml:4: unknown key 'att' in 'labels.time', did you mean 'at'?; found att, allowed: column, unit, zone, at",
        "features/late.training.yaml:5: 'labels.columns': an empty map; expected at least one column",
        "features/late.training.yaml:7: 'features.0.as': name 'Origin' is not a name; expected lower-case letters, digits and _, not beginning with a digit",
        "features/late.training.yaml:7: 'features.0.columns': names 'n' twice; expected each column once",
        "features/late.training.yaml:8: missing key 'features.1.view'",
        "features/late.training.yaml:8: 'features.1.entity': an empty map; expected at least one entity column",
        "features/late.training.yaml:8: 'features.1.carry': '0 days' is no length; expected more than 0",
        "features/late.training.yaml:9: 'format': found 2; this build reads 1",
      ]
    `)
  })

  it.each([
    [REQUIRED.replace('  key: ', '  path: x.csv\n  key: '), /training.yaml:3: labels lie at one place/],
    [`${REQUIRED}  - view: busy`, /training.yaml:7: name 'busy' is used twice; .*found as of busy, allowed: as: another name/],
    [`${REQUIRED}  - {view: other, as: busy}`, /training.yaml:7: name 'busy' is used twice/],
    [REQUIRED.replace('late.parquet', 'late.csv'), /training.yaml:2: missing key 'labels.columns', which csv needs; allowed: name: type/],
    [
      REQUIRED.replace('  time: at', '  time: at\n  format: {type: json, header: true}\n  columns: {at: TIMESTAMPTZ}'),
      /:5: 'format.header' is for csv only; found type json/,
    ],
    [REQUIRED.replace('  time: at', '  time: at\n  columns: {ts: TIMESTAMPTZ}'), /:4: unknown label time 'at'.*found at, allowed: ts/],
    [
      REQUIRED.replace('  time: at', '  time: at\n  columns: {at: TIMESTAMP}'),
      /:4: label time 'at' is TIMESTAMP and needs the key 'zone'; allowed: {column: at, zone: UTC}/,
    ],
    [REQUIRED.replace('  time: at', '  time: at\n  columns: {at: BIGINT}'), /:4: label time 'at' is BIGINT and needs the key 'unit'/],
    [
      REQUIRED.replace('  time: at', '  time: {column: at, zone: UTC}\n  columns: {at: DATE}'),
      /:4: label time 'at' is DATE and needs the key 'at'; allowed: {column: at, at: start_of_day}, {column: at, at: end_of_day}/,
    ],
    [REQUIRED.replace('  time: at', '  time: {column: at, unit: ms}\n  columns: {at: TIMESTAMPTZ}'), /unit is for integers/],
    [REQUIRED.replace('  time: at', '  time: {column: at, at: end_of_day}\n  columns: {at: TIMESTAMPTZ}'), /at is for a DATE/],
    [REQUIRED.replace('  time: at', '  time: at\n  columns: {at: VARCHAR}'), /:4: label time 'at' is no time; found VARCHAR/],
    [REQUIRED.replace('  time: at', '  time: at\n  columns: {at: TIMESTAMPTZ, n: hugeint}'), /label column 'n' would lose digits/],
    [REQUIRED.replace('  time: at', '  time: at\n  columns: {at: TIMESTAMPTZ, AT: int}'), /column 'AT' is there twice/],
    [
      `${REQUIRED.replace('  time: at', '  time: at\n  columns: {at: TIMESTAMPTZ, origin: text}')}    entity: {airport: orgin}`,
      /:8: unknown label column 'orgin', did you mean 'origin'\?; found orgin, allowed: at, origin/,
    ],
    [`${REQUIRED}    carry: 2 months`, /:7: 'features.0.carry': '2 months' has no fixed length/],
  ])('%j', (text, message) => {
    expect(problems(text)).toEqual([expect.stringMatching(message)])
  })
})

describe('a feature against its view', () => {
  const view = {
    entity: ['airport'],
    schema: [
      { name: 'airport', type: 'VARCHAR' },
      { name: 'n', type: 'BIGINT' },
      { name: 'state', type: 'VARCHAR' },
    ],
  }
  const labels = [
    { name: 'at', type: 'TIMESTAMPTZ' },
    { name: 'Origin', type: 'VARCHAR' },
    { name: 'airport', type: 'INTEGER' },
    { name: 'x__age', type: 'BIGINT' },
  ]
  const found = (feature: object) =>
    problemsOfFeature({ view: 'busy', as: 'busy', columns: ['n'], entity: { airport: 'Origin' }, ...feature }, 0, view, labels).map(
      (problem) => renderProblem({ file: 'f', line: 1, ...problem }),
    )

  it('is right', () => {
    expect(found({})).toEqual([])
    expect(found({ entity: { airport: 'origin' } })).toEqual([])
  })

  it.each([
    [{ columns: ['n', 'm'] }, /unknown column of view 'busy' 'm'.*allowed: airport, n, state/],
    [{ columns: ['state'] }, /column 'state' of view 'busy' would be busy__state, which a training set writes itself/],
    [{ entity: { port: 'Origin' } }, /unknown entity column of view 'busy' 'port'.*allowed: airport/],
    [
      { entity: { airport: 'airport' } },
      /'airport' and entity column 'airport' of view 'busy' have types that differ; found INTEGER, allowed: VARCHAR/,
    ],
    [{ as: 'x' }, /label column 'x__age' has the name of a column of feature 'x'/],
  ])('%j', (feature, message) => {
    expect(found(feature)).toContainEqual(expect.stringMatching(message))
  })
})

it('the ending of a name tells the format, and wins over another one', () => {
  expect(['a.parquet', 'b/c.CSV.gz', 'x.jsonl', 'x.ndjson.zst', 'x.txt', 'parquet'].map(kindOfName)).toEqual([
    'parquet',
    'csv',
    'json',
    'json',
    undefined,
    undefined,
  ])
  expect(formatOfLabels('x.csv', { kind: 'parquet', compression: 'auto' })).toMatchObject({ kind: 'csv', csv: { delimiter: ',' } })
  expect(formatOfLabels('x', { kind: 'parquet', compression: 'auto' })).toMatchObject({ kind: 'parquet' })
  expect(() => formatOfLabels('x.txt', undefined)).toThrow(/expected an ending \.parquet/)
})
