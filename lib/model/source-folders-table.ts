import { type GlueColumn, glueColumn } from './glue-table.ts'
import { renderFolder } from './key-template.ts'
import { injectedProjection, type Projection, projected, timeProjection } from './projection.ts'
import type { Source } from './source.ts'

/** Where the files of a source's table lie, and how Athena finds them. */
export interface Folders {
  readonly location: string
  readonly keys: readonly GlueColumn[]
  readonly projection: Projection
}

/** The pieces of an arrival source, by event time. */
export function landedFolders(source: Source, lake: string, first: string): Folders {
  const location = `${lake}/landed/${source.name}/`
  const column = timeColumn(source)
  const { grain } = source.key
  return {
    location,
    keys: [glueColumn(column, 'string', `${grain} of the event time in ${source.keyZone}`)],
    projection: projected(`${location}dt=\${${column}}/`, timeProjection(column, { grain, first })),
  }
}

/**
 * The raw folders, by the source's key template: the time is one partition key, spelled as the folders are, and each other segment one of its own
 * that a query has to name. Or why that cannot be.
 */
export function foldersOf(source: Source, place: string, first: string): Folders | string {
  const { key, keyZone } = source
  const span = timeSpan(key.text)
  if (span === undefined)
    return `other segments lie between the times of its key ${key.text}; Athena takes one folder, or several that follow each other`
  const column = timeColumn(source)
  const others = key.captures.map((name) => glueColumn(name, 'string', 'segment of the key; a query has to name it'))
  const template = key.text.replace(span, `\${${column}}`).replace(/(?<!\$)\{\w+\}/g, (segment) => `$${segment}`)
  const named = renderFolder({ ...key, text: span }, first)
  return {
    location: `${place}/${key.prefix.slice(0, key.prefix.lastIndexOf('/') + 1)}`,
    keys: [glueColumn(column, 'string', `folder in ${keyZone}`), ...others],
    projection: projected(
      `${place}/${template}`,
      timeProjection(column, { grain: key.grain, first: named, format: javaFormat(span) }),
      ...key.captures.map(injectedProjection),
    ),
  }
}

/** `dt`, unless the files have a column of that name. */
function timeColumn({ columns = [] }: Source): string {
  return columns.some(({ name }) => name.toLowerCase() === 'dt') ? 'folder' : 'dt'
}

/** From the first to the last time token; undefined where another segment lies between them. */
function timeSpan(text: string): string | undefined {
  const tokens = [...text.matchAll(/\{(yyyy|MM|dd|HH)\}/g)]
  const [first, last] = [tokens[0], tokens.at(-1)]
  const span = first && last ? text.slice(first.index, last.index + last[0].length) : ''
  return /\{(?!(yyyy|MM|dd|HH)\})/.test(span) ? undefined : span
}

/** Text between the times is quoted where Java would take it for a pattern. */
function javaFormat(span: string): string {
  return span
    .split(/(\{\w+\})/)
    .map((part) => /^\{(\w+)\}$/.exec(part)?.[1] ?? (/^[-/_=.:]*$/.test(part) ? part : `'${part.replaceAll("'", "''")}'`))
    .join('')
}
