import { stringify } from 'yaml'
import { titleOf } from '../../model/infer/column-facts.ts'
import type { DataGuess } from '../../model/infer/data-guess.ts'
import { bridgeType } from '../../model/types.ts'
import { availableAfter } from './evidence.ts'
import { outputName, sqlOf } from './names.ts'

/** The words for a window in a description. */
const PAST: Readonly<Record<string, string>> = { hour: 'the past 24 hours', day: 'the past seven days', month: 'the month' }

/** The SQL file of a first view: how often each entity comes, and the mean of a number. */
export function renderView(guess: DataGuess, source: string): string {
  const columns = outputs(guess, source)
  const width = Math.max(...columns.map(({ sql }) => sql.length))
  const select = columns.map(({ sql, name }) => (sql === name ? sql : `${sql.padEnd(width)} AS ${name}`))
  return `/* ---
${header(guess, source)}
--- */
SELECT ${select.join(',\n       ')}
FROM ${source}
${where(guess)}${groupBy(guess)}
`
}

function header(guess: DataGuess, source: string): string {
  const { view, entity, times } = guess
  const names = entityColumns(guess).map(({ name }) => name)
  const others = entity.others.map(titleOf).join(', ')
  const after = availableAfter(times[0])
  const lines = [
    `description: ${yaml(`How often each ${names.join(' and ')} comes in ${source}, over ${PAST[view.grain] ?? view.window}.`)}`,
    `# ${entity.reason}${others === '' ? '' : `. It could also be: ${others}`}`,
    `entity: ${names.length === 1 ? names[0] : `[${names.join(', ')}]`}`,
    `grain: ${view.grain}   # one partition a ${view.grain}; in the SQL $start and $end are its bounds`,
    `zone: ${view.zone}   # in which a ${view.grain} begins`,
    'inputs:',
    `  ${source}: ${view.window}   # the SQL sees [end - ${view.window}, end) of it, and nothing later`,
    ...(view.warmUp === 'compute' ? ['warm_up: compute   # there is little data: also where the window reaches before its start'] : []),
    ...(after === undefined ? [] : [`available_after: ${after}   # 99 % of the sampled rows had arrived by then`]),
    `absent: {${countName(guess, source)}: 0}   # what a training set says of one that is not in the partition`,
    'expect:   # a partition that breaks a rule is not put',
    `  - ${countName(guess, source)} > 0`,
  ]
  return lines.join('\n')
}

interface Output {
  readonly sql: string
  readonly name: string
}

function entityColumns({ entity, reserved }: DataGuess): Output[] {
  if (entity.columns.length === 0) return [{ sql: "'all'", name: 'scope' }]
  return entity.columns.map((column, at) => {
    const [sql, bridged] = [sqlOf(column, reserved), bridgeType(entity.types[at] ?? 'VARCHAR')]
    return { sql: bridged.kind === 'held' ? sql : `CAST(${sql} AS ${bridged.cast})`, name: outputName(titleOf(column), 'key') }
  })
}

function countName({ view }: DataGuess, source: string): string {
  return outputName(`${source}_${view.label}`, 'n')
}

/** Whatever is called as another column is left out. */
function outputs(guess: DataGuess, source: string): Output[] {
  const { view, measure, times, reserved } = guess
  const time = sqlOf({ name: times[0].candidate.column, inside: [] }, reserved)
  const found: Output[] = [...entityColumns(guess), { sql: 'count(*)', name: countName(guess, source) }]
  const last = { hour: '1h', day: '1d', month: '' }[view.grain]
  if (last !== '') found.push({ sql: `count(*) FILTER (WHERE ${time} >= $start)`, name: outputName(`${source}_${last}`, 'n') })
  if (measure) {
    const value = sqlOf(measure.field, reserved)
    const sql = `avg(${value})${measure.isFinite ? '' : ` FILTER (WHERE isfinite(${value}))`}`
    found.push({ sql, name: outputName(`mean_${titleOf(measure.field)}_${view.label}`, 'n') })
  }
  found.push({ sql: `max(${time})`, name: outputName(`last_${times[0].candidate.column}`, 'time') })
  return found.filter(({ name }, at) => found.findIndex((other) => other.name === name) === at)
}

function where({ entity, reserved }: DataGuess): string {
  if (!entity.hasNulls) return ''
  return `WHERE ${entity.columns.map((column) => `${sqlOf(column, reserved)} IS NOT NULL`).join(' AND ')}\n`
}

function groupBy({ entity, reserved }: DataGuess): string {
  return entity.columns.length === 0
    ? 'HAVING count(*) > 0'
    : `GROUP BY ${entity.columns.map((column) => sqlOf(column, reserved)).join(', ')}`
}

function yaml(value: string): string {
  return stringify(value, { lineWidth: 0 }).trim()
}
