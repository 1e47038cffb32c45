import type { OutputColumn, Rule, ViewSettings, ViewVersion } from '../model/catalog.ts'
import type { Session } from './engine.ts'
import { identifier, literal } from './quote.ts'

/** A rule or invariant that an output breaks, with the number of rows that break it (1 for a rule over the whole partition). */
export interface Violation {
  readonly rule: string
  readonly rows: number
  /** The entity of one row that breaks it, or what was found. */
  readonly example?: string
}

interface Question {
  readonly version: ViewVersion
  readonly settings: ViewSettings
  readonly file: string
}

/**
 * Holds a written output against its invariants (entity unique and not null, floats finite) and its rules, as the file has it. A rule
 * fails where it is FALSE; NULL passes, as in SQL's CHECK.
 */
export async function checkOutput(
  session: Session,
  { version, settings, file }: Question,
): Promise<{ rows: number; violations: Violation[]; warnings: Violation[] }> {
  const checks = [...invariants(version, settings), ...settings.expect.map(ruleCheck), ...settings.warn.map(ruleCheck)]
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
