import { baseName } from './definition-schema.ts'
import { parseTableName } from './names.ts'
import { parseMoment } from './period.ts'
import { type Problem, problemOf, sortProblems } from './problem.ts'
import type { EventTime, Source, SourceColumn, SourceFormat } from './source.ts'
import { problemsOfSource } from './source-rules.ts'
import { type SourceFile, sourceFile } from './source-schema.ts'
import { parseYaml, type YamlPath } from './yaml-document.ts'
import { type Instant, zoneNamed } from './zone.ts'

/** A source where nothing was wrong with its file, and everything that was. */
export interface ParsedSource {
  readonly source?: Source
  readonly problems: readonly Problem[]
}

/** Reads `features/<name>.source.yaml`. Nothing is thrown; all problems are listed. */
export function parseSource(file: string, text: string): ParsedSource {
  const name = baseName(file, '.source.yaml')
  const { value, lineOf, problems: ofYaml } = parseYaml(text, sourceFile, { file })
  const problems: Problem[] = [...ofYaml]
  const attempt = <T>(line: number, parse: () => T): T | undefined => {
    try {
      return parse()
    } catch (error) {
      problems.push(problemOf(file, line, error))
      return undefined
    }
  }
  attempt(1, () => parseTableName('source', name))
  if (!value) return { problems: sortProblems(problems) }
  const keyZone = zoneNamed(value.key_zone)
  const momentAt = (path: YamlPath, moment: string | undefined) =>
    moment === undefined ? undefined : attempt(lineOf(path), () => parseMoment(moment, keyZone))
  const source = toSource({ name, file, value, momentAt })
  problems.push(...problemsOfSource(value).map(({ path, ...rest }) => ({ file, line: lineOf(path), ...rest })))
  return problems.length ? { problems: sortProblems(problems) } : { source, problems }
}

type MomentAt = (path: YamlPath, moment: string | undefined) => Instant | undefined

interface SourceParts {
  readonly name: string
  readonly file: string
  readonly value: SourceFile
  readonly momentAt: MomentAt
}

function toSource({ name, file, value, momentAt }: SourceParts): Source {
  const start = momentAt(['start'], value.start)
  const columns = columnsOf(value, momentAt)
  const eventTime = eventTimeOf(value)
  return {
    kind: 'source',
    name,
    file,
    description: value.description,
    ...(value.owner !== undefined && { owner: value.owner }),
    key: { ...value.key, sorted: value.key.sorted && value.sorted !== false },
    ...(value.bucket !== undefined && { bucket: value.bucket }),
    keyZone: value.key_zone,
    format: formatOf(value.format),
    ...(eventTime && { eventTime }),
    folders: value.folders,
    ...(columns && { columns }),
    ...(start !== undefined && { start }),
    ...(value.keep && { keep: value.keep }),
    gaps: value.gaps ?? (value.folders === 'arrival' ? 'empty' : 'block'),
    ...(value.marker !== undefined && { marker: value.marker }),
    waitMs: value.wait,
    badRows: { maxShare: value.bad_rows.max_share },
  }
}

function columnsOf({ columns }: SourceFile, momentAt: MomentAt): SourceColumn[] | undefined {
  if (!columns) return undefined
  return Object.entries(columns).map(([name, { type, path, since: text }]) => {
    const since = momentAt(['columns', name, 'since'], text)
    return { name, type, ...(path !== undefined && { path }), ...(since !== undefined && { since }) }
  })
}

function eventTimeOf({ event_time: time, key_zone: keyZone }: SourceFile): EventTime | undefined {
  return time && { column: time.column, ...(time.unit && { unit: time.unit }), zone: time.zone ?? keyZone }
}

/** A format as its key says it, with the defaults of CSV. */
export function formatOf({ type, compression, delimiter, quote, header, null: nullText }: SourceFile['format']): SourceFormat {
  if (type !== 'csv') return { kind: type, compression }
  const csv = { delimiter: delimiter ?? ',', quote: quote ?? '"', header: header ?? true, ...(nullText !== undefined && { nullText }) }
  return { kind: type, compression, csv }
}
