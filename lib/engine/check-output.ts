import { type Attempt, attempt } from '../model/attempt.ts'
import type { OutputColumn, Rule, ViewSettings, ViewVersion } from '../model/catalog.ts'
import type { Session } from './engine.ts'
import { identifier, literal, literalList } from './quote.ts'

/** A rule or invariant that an output breaks, with the number of rows that break it (1 for a rule over the whole partition). */
export interface Violation {
  readonly rule: string
  readonly rows: number
  /** The entity of one row that breaks it, or what was found. */
  readonly example?: string
}

/** What holding an output against its rules found. */
export interface CheckedOutput {
  readonly rows: number
  readonly violations: readonly Violation[]
  readonly warnings: readonly Violation[]
}

/** Whose outputs they are. */
interface Checked {
  readonly version: ViewVersion
  readonly settings: ViewSettings
}

/**
 * Holds written outputs of one version against its invariants (entity unique and not null, floats finite) and its rules, as the files
 * have them. A rule fails where it is FALSE; NULL passes, as in SQL's CHECK. One statement looks at all files and passes those where
 * nothing is wrong; each other file is looked at alone, and so is all of a view whose rules are of whole partitions: their sums would
 * be added up in another way.
 */
export async function checkOutputs(
  session: Session,
  of: Checked,
  files: readonly string[],
): Promise<ReadonlyMap<string, Attempt<CheckedOutput>>> {
  const checked = new Map<string, Attempt<CheckedOutput>>()
  const together = files.length > 1 && ![...of.settings.expect, ...of.settings.warn].some((rule) => rule.perPartition)
  const rowsOfGood = together ? await findGood(session, of, files) : new Map<string, number>()
  for (const file of files) {
    const rows = rowsOfGood.get(file)
    const good = rows === undefined ? undefined : { value: { rows, violations: [], warnings: [] } }
    checked.set(file, good ?? (await attempt(() => checkOutput(session, of, file))))
  }
  return checked
}

/** Rows of the files that break nothing; a file without rows, or one that cannot be read, is not among them. */
async function findGood(session: Session, of: Checked, files: readonly string[]): Promise<Map<string, number>> {
  const counts = checksOf(of).map(({ count }) => count)
  const columns = [...outputColumns(of.version.schema), FILE]
  const relation = `(SELECT ${columns.join(', ')} FROM read_parquet(${literalList(files)}, hive_partitioning=false, filename=${literal(FILE)}))`
  const sql = `SELECT ${FILE}, count(*)::BIGINT AS n, ${counts.join(' + ')} AS broken FROM ${relation} GROUP BY ${FILE}`
  const tried = await attempt(() => session.rows(sql))
  const rows = 'value' in tried ? tried.value : []
  return new Map(rows.filter(({ broken }) => Number(broken) === 0).map((row) => [String(row[FILE]), Number(row.n)]))
}

/** A column that no output has: names with `__` are reserved. */
const FILE = '__file'

async function checkOutput(session: Session, of: Checked, file: string): Promise<CheckedOutput> {
  const { version, settings } = of
  const checks = checksOf(of)
  const counts = checks.map((check, at) => `${check.count} AS c${at}`)
  const relation = `(SELECT ${outputColumns(version.schema).join(', ')} FROM read_parquet(${literal(file)}, hive_partitioning=false))`
  const [row] = await session.rows(`SELECT count(*)::BIGINT AS n${counts.map((count) => `, ${count}`).join('')} FROM ${relation}`)
  const broken: { violation: Violation; warn: boolean }[] = []
  for (const [at, check] of checks.entries()) {
    const rows = Number(row?.[`c${at}`] ?? 0)
    if (rows === 0) continue
    const example = check.where === undefined ? undefined : await findExample(session, version, relation, check.where)
    const warn = at >= checks.length - settings.warn.length
    broken.push({ warn, violation: { rule: check.rule, rows, ...(example !== undefined && { example }) } })
  }
  return {
    rows: Number(row?.n),
    violations: broken.filter((one) => !one.warn).map((one) => one.violation),
    warnings: broken.filter((one) => one.warn).map((one) => one.violation),
  }
}

function checksOf({ version, settings }: Checked): Check[] {
  return [...invariants(version, settings), ...settings.expect.map(ruleCheck), ...settings.warn.map(ruleCheck)]
}

interface Check {
  readonly rule: string
  /** SQL of the number of rows that break it. */
  readonly count: string
  /** SQL that is true for a row that breaks it. */
  readonly where?: string
}

function invariants(version: ViewVersion, settings: ViewSettings): Check[] {
  const keys = version.entity.map(identifier)
  const isNull = keys.map((key) => `${key} IS NULL`).join(' OR ')
  const distinct = keys.length === 1 ? `count(DISTINCT ${keys[0]})` : `count(DISTINCT (${keys.join(', ')}))`
  const entity = version.entity.join(', ')
  const checks: Check[] = [
    { rule: `entity (${entity}) is not null`, count: `count(*) FILTER (WHERE ${isNull})`, where: isNull },
    {
      rule: `entity (${entity}) is unique`,
      count: `(count(*) FILTER (WHERE NOT (${isNull})) - ${distinct} FILTER (WHERE NOT (${isNull})))`,
      where: `(${keys.join(', ')}) IN (SELECT (${keys.join(', ')}) FROM relation GROUP BY ALL HAVING count(*) > 1)`,
    },
  ]
  if (settings.nonFinite === 'allow') return checks
  for (const column of version.schema.filter(({ type }) => type === 'DOUBLE' || type === 'FLOAT')) {
    const where = `NOT isfinite(${identifier(column.name)})`
    const rule = `${column.name} is finite (nullif(x, 0) avoids a division by zero, non_finite: allow keeps infinity and NaN)`
    checks.push({ rule, count: `count(*) FILTER (WHERE ${where})`, where })
  }
  return checks
}

function ruleCheck(rule: Rule): Check {
  if (rule.perPartition) return { rule: rule.sql, count: `CASE WHEN (${rule.sql}) IS FALSE THEN 1 ELSE 0 END` }
  const where = `(${rule.sql}) IS FALSE`
  return { rule: rule.sql, count: `count(*) FILTER (WHERE ${where})`, where }
}

/** The columns of a feature table as its rules see them, with the types of the SQL. */
export function outputColumns(schema: readonly OutputColumn[]): string[] {
  return [...schema, { name: 'feature_time', type: 'TIMESTAMP WITH TIME ZONE' }].map(({ name, type }) => {
    const column = identifier(name)
    return type === 'TIMESTAMP WITH TIME ZONE' ? `make_timestamptz(epoch_us(${column})) AS ${column}` : column
  })
}

async function findExample(session: Session, version: ViewVersion, relation: string, where: string): Promise<string | undefined> {
  const keys = version.entity.map(identifier)
  const [row] = await session.rows(`WITH relation AS ${relation} SELECT ${keys.join(', ')} FROM relation WHERE ${where} LIMIT 1`)
  return row && version.entity.map((name) => `${name}=${String(row[name])}`).join(' ')
}
