import type { SourceFile } from './source-schema.ts'
import type { PathProblem } from './zod-problems.ts'

const INTEGER = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/
const TIME = /^(DATE|TIMESTAMP.*)$/
const UNITS: readonly string[] = ['s', 'ms', 'us', 'ns']

/** What is wrong between the keys of a source's file, each of which is right by itself. */
export function problemsOfSource(file: SourceFile): PathProblem[] {
  return [problemsOfOrder, problemsOfFormat, problemsOfColumns, problemsOfEventTime].flatMap((rule) => rule(file))
}

function problemsOfOrder({ key, sorted }: SourceFile): PathProblem[] {
  if (key.sorted || sorted === false) return []
  const message = `the keys of template '${key.text}' do not sort in time order, so that every look at it lists all of them`
  const allowed = ['{yyyy}, {MM}, {dd}, {HH} in this order before other names', "'sorted: false' to accept that"]
  return [{ path: [sorted === undefined ? 'key' : 'sorted'], message, found: sorted ? 'sorted: true' : 'no sorted', allowed }]
}

/** Options that the format's type does not have. */
export function problemsOfFormat({ format }: Pick<SourceFile, 'format'>): PathProblem[] {
  const problems: PathProblem[] = []
  for (const key of ['delimiter', 'quote', 'header', 'null'] as const) {
    if (format.type === 'csv' || format[key] === undefined) continue
    problems.push({ path: ['format', key], message: `'format.${key}' is for csv only`, found: `type ${format.type}` })
  }
  if (format.type === 'parquet' && (format.compression === 'gzip' || format.compression === 'zstd')) {
    const message = 'a Parquet file says itself how it is compressed'
    problems.push({ path: ['format', 'compression'], message, found: format.compression, allowed: ['auto', 'none'] })
  }
  return problems
}

function problemsOfColumns({ columns, format, key }: SourceFile): PathProblem[] {
  if (!columns) {
    return format.type === 'parquet'
      ? []
      : [{ path: ['columns'], message: `missing key 'columns', which ${format.type} needs`, allowed: ['name: type'] }]
  }
  const names = Object.keys(columns)
  const problems: PathProblem[] = names.length ? [] : [{ path: ['columns'], message: "'columns' is empty", allowed: ['name: type'] }]
  for (const [at, name] of names.entries()) {
    const path = ['columns', name]
    const same = (other: string) => other.toLowerCase() === name.toLowerCase()
    if (names.findIndex(same) < at) problems.push({ path, message: `column '${name}' is there twice; the engine ignores letter case` })
    if (key.captures.some(same)) problems.push({ path, message: `column '${name}' is also a segment of the key`, found: key.text })
    if (columns[name]?.path !== undefined && format.type !== 'json') {
      problems.push({
        path: [...path, 'path'],
        message: `column '${name}' has a path, which is for json only`,
        found: `type ${format.type}`,
      })
    }
  }
  return problems
}

function problemsOfEventTime({ event_time: time, columns, folders }: SourceFile): PathProblem[] {
  const path = ['event_time']
  if (!time) return folders === 'arrival' ? [{ path: ['folders'], message: "arrival folders need the key 'event_time'" }] : []
  if (!columns) return []
  const type = columns[time.column]?.type
  if (type === undefined) {
    return [{ path, message: 'the event time is not a declared column', found: time.column, allowed: Object.keys(columns) }]
  }
  if (INTEGER.test(type)) {
    return time.unit ? [] : [{ path, message: `event time '${time.column}' is ${type} and needs a unit`, allowed: UNITS }]
  }
  if (!TIME.test(type)) {
    return [
      {
        path,
        message: `event time '${time.column}' is no time`,
        found: type,
        allowed: ['DATE', 'a TIMESTAMP type', 'an integer with a unit'],
      },
    ]
  }
  return time.unit ? [{ path: [...path, 'unit'], message: `event time '${time.column}' is ${type}; a unit is for integers` }] : []
}
