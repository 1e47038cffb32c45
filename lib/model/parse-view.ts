import { baseName } from './definition-schema.ts'
import { InvalidInputError } from './errors.ts'
import { parseTableName } from './names.ts'
import { type Problem, problemOf, sortProblems } from './problem.ts'
import { sqlTokens } from './sql-tokens.ts'
import type { View, ViewInput } from './view.ts'
import { type ViewHeader, viewHeader } from './view-schema.ts'
import { parseYaml, type YamlDocument } from './yaml-document.ts'

/** A view where nothing was wrong with its file, and everything that was. */
export interface ParsedView {
  readonly view?: View
  readonly problems: readonly Problem[]
}

const OPEN = '/* ---'
const CLOSE = '--- */'

/** Reads `features/<name>.sql`: a YAML header between `/* ---` and its closing line, then the SQL. Nothing is thrown; all problems are listed. */
export function parseView(file: string, text: string): ParsedView {
  const name = baseName(file, '.sql')
  const parts = splitFile(file, text)
  if ('message' in parts) return { problems: [parts] }
  const header = parseYaml(parts.header, viewHeader, { file, linesBefore: parts.headerLine - 1 })
  const problems = sortProblems([
    ...header.problems,
    ...problemsOfName(file, name),
    ...problemsOfSql(file, parts),
    ...(header.value ? problemsBetweenKeys(file, header.value, header) : []),
  ])
  return problems.length || !header.value
    ? { problems }
    : { view: toView({ file, name, parts, header: header.value, lines: header }), problems }
}

interface FileParts {
  readonly header: string
  readonly headerLine: number
  readonly sql: string
  readonly sqlLine: number
}

function splitFile(file: string, text: string): FileParts | Problem {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const open = lines.findIndex((line) => line.trim() !== '')
  if (lines[open]?.trim() !== OPEN) {
    return { file, line: Math.max(open, 0) + 1, message: 'the header is missing', allowed: [`a first line '${OPEN}'`] }
  }
  const close = lines.findIndex((line, at) => at > open && line.trimStart().startsWith(CLOSE))
  if (close < 0) return { file, line: open + 1, message: 'the header is not closed', allowed: [`a line '${CLOSE}' after the last key`] }
  const rest = [(lines[close] ?? '').replace(CLOSE, '').trim(), ...lines.slice(close + 1)]
  const first = Math.max(
    rest.findIndex((line) => line.trim() !== ''),
    0,
  )
  return {
    header: lines.slice(open + 1, close).join('\n'),
    headerLine: open + 2,
    sql: rest.slice(first).join('\n').trimEnd(),
    sqlLine: close + 1 + first,
  }
}

function problemsOfName(file: string, name: string): Problem[] {
  try {
    parseTableName('view', name)
    return []
  } catch (error) {
    return [problemOf(file, 1, error)]
  }
}

function problemsOfSql(file: string, { sql, sqlLine }: FileParts): Problem[] {
  try {
    if (sqlTokens(sql).length) return []
    return [{ file, line: sqlLine, message: 'no SQL after the header', allowed: ['one SELECT'] }]
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    return [{ file, line: sqlLine + Number(error.details.line ?? 1) - 1, message: error.message }]
  }
}

function problemsBetweenKeys(file: string, header: ViewHeader, { lineOf }: Pick<YamlDocument<unknown>, 'lineOf'>): Problem[] {
  const problems: Problem[] = []
  if (header.grain === 'hour' && header.zone !== 'UTC') {
    const message = 'hours are always those of UTC'
    problems.push({ file, line: lineOf(['zone']), message, found: `zone ${header.zone}`, allowed: ['UTC'] })
  }
  for (const { name, window } of inputsOf(header)) {
    if (header.grain === 'month' || window.kind !== 'duration' || window.length.unit !== 'month') continue
    const message = `input '${name}' has a window of months, which only views of grain month may have`
    problems.push({ file, line: lineOf(['inputs', name]), message, found: `grain ${header.grain}`, allowed: ['days', 'weeks'] })
  }
  return problems
}

function inputsOf(header: ViewHeader): Omit<ViewInput, 'line'>[] {
  return Object.entries(header.inputs).map(([name, input]) =>
    'from' in input ? { name, from: input.from, window: input.window } : { name, from: name, window: input },
  )
}

interface ViewParts {
  readonly file: string
  readonly name: string
  readonly parts: FileParts
  readonly header: ViewHeader
  readonly lines: Pick<YamlDocument<unknown>, 'lineOf'>
}

function toView({ file, name, parts, header, lines }: ViewParts): View {
  return {
    kind: 'view',
    name,
    file,
    sqlLine: parts.sqlLine,
    sql: parts.sql,
    description: header.description,
    ...(header.owner !== undefined && { owner: header.owner }),
    entity: header.entity,
    grain: header.grain,
    zone: header.zone,
    inputs: inputsOf(header).map((input) => ({ ...input, line: lines.lineOf(['inputs', input.name]) })),
    availableAfterMs: header.available_after,
    absent: header.absent,
    ...(header.carry !== undefined && { carryMs: header.carry }),
    expect: header.expect,
    warn: header.warn,
    columns: header.columns,
    repairMs: header.repair,
    warmUp: header.warm_up,
    nonFinite: header.non_finite ?? 'refuse',
  }
}
