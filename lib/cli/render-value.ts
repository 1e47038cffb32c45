import prettyMs from 'pretty-ms'
import type { ExplainedValue, ValueInput, ValueObject } from '../pipeline/explain-value.ts'
import type { KnownAt } from '../pipeline/known-at.ts'
import { renderExplanation } from './render-explain.ts'
import { count } from './table.ts'

const OBJECTS_MAX = 10

/** One value with all that it was made from. */
export function renderValue({ partition, entity, row, sql, inputs, reason }: ExplainedValue): string {
  const name = Object.entries(entity).map(([column, value]) => `${column}=${value}`)
  const columns = Object.entries(row ?? {}).filter(([column]) => !(column in entity))
  return [
    `${partition.view} ${name.join(' ')} in ${partition.partition}`,
    ...(row
      ? columns.map(([column, value]) => `  ${column}: ${value ?? 'NULL'}`)
      : [`  is not in the partition${partition.output ? '' : ': nothing stands there'}`]),
    ...inputs.flatMap(renderInput),
    ...(reason === undefined ? [] : [`the run that wrote it: ${reason}`]),
    'the SQL, with the bounds of the partition:',
    ...sql.split('\n').map((line) => `  ${line}`),
    renderExplanation(partition),
  ].join('\n')
}

function renderInput({ name, how, why, objects }: ValueInput): string[] {
  const total = objects.reduce((sum, { rows = 0 }) => sum + rows, 0)
  const counted = objects.filter(({ rows }) => (rows ?? 0) > 0)
  const other = objects.filter(({ state }) => state !== 'same')
  const rows =
    how === 'unknown'
      ? `${name}: read ${count(objects.length, 'object')}; which of its rows counted cannot be told`
      : `${name}: ${count(total, 'row')} of ${counted.length} of ${count(objects.length, 'object')} counted`
  return [
    `  ${rows}${why === undefined ? '' : `: ${why}`}`,
    ...counted.slice(0, OBJECTS_MAX).map((one) => `    ${nameOf(one)}: ${count(one.rows ?? 0, 'row')}`),
    ...(counted.length > OBJECTS_MAX ? [`    and ${counted.length - OBJECTS_MAX} more, in --json`] : []),
    ...other.slice(0, OBJECTS_MAX).map((one) => `    ${nameOf(one)}: ${one.state} since, its rows of then are not there`),
    ...(other.length > OBJECTS_MAX ? [`    and ${other.length - OBJECTS_MAX} more that changed since, in --json`] : []),
  ]
}

function nameOf({ key, raw }: ValueObject): string {
  return raw === undefined ? key : `${raw}, landed as ${key}`
}

/** Why a label at that time reads that partition. */
export function renderKnownAt({ time, partition, end, availableAfterMs, from, until, firstWritten }: KnownAt): string {
  const after = availableAfterMs === 0 ? 'available_after is 0' : `available_after is ${prettyMs(availableAfterMs, { verbose: true })}`
  return [
    `a label at ${time} reads partition ${partition}: it ends at ${end} and ${after}, so it is the newest known one from ${from} until ${until}`,
    ...(firstWritten === undefined
      ? []
      : [`  nothing stood there at that time: it was first written at ${firstWritten}; what stands is what was known of it by its rule`]),
  ].join('\n')
}
