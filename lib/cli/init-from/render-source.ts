import type { ColumnGuess, DataGuess } from '../../model/infer/data-guess.ts'
import { number, objectsText, percent, someOf } from './evidence.ts'
import { gapsLines, markerLines, startLines } from './render-series.ts'
import { eventTimeLines, foldersLines, zoneLines } from './render-times.ts'
import { comment, line, oneLine, yaml } from './yaml-lines.ts'

/** What a source's file says beyond what was found in the data. */
export interface SourcePlace {
  readonly name: string
  /** The raw data, for people. */
  readonly from: string
  /** Begins every key of the source in its lake. */
  readonly prefix: string
}

/** The YAML of a source: each guess with its evidence above it, and what else it could be behind a `#`. */
export function renderSource(guess: DataGuess, place: SourcePlace): string {
  const parts = [
    head(guess, place),
    key(guess, place),
    format(guess),
    eventTimeLines(guess),
    foldersLines(guess),
    zoneLines(guess),
    columns(guess),
    startLines(guess),
    gapsLines(guess),
    markerLines(guess),
  ]
  return `${parts.join('\n\n')}\n`
}

function head({ sample }: DataGuess, { name, from }: SourcePlace): string {
  return line(
    comment(
      `Guessed by hindcast init from ${from}: its keys, and ${number(sample.rows)} rows of ${number(sample.objects)} objects.`,
      'Read it once: the evidence stands above each line, what else it could be behind a #.',
    ),
    `description: ${yaml(`Rows of ${name}; say what one row is.`)}`,
  )
}

function key(guess: DataGuess, { prefix }: SourcePlace): string {
  const { placement, objects } = guess
  const { template, unmatched, others, captures } = placement.guess
  const all = objects + unmatched.length
  return line(
    comment(
      `${objectsText(guess)}; ${percent(objects / all)} of the data fits.${unmatched.length > 0 ? ` Not read: ${someOf(unmatched)}` : ''}`,
      ...others.map(({ template, keys }) => `Another layout, of ${number(keys.length)} objects: ${prefix}${template.text}`),
      ...captures.map(({ name, values }) => `{${name}} becomes a column: ${someOf(values)}`),
    ),
    `key: ${yaml(prefix + template.text)}`,
    template.sorted
      ? undefined
      : line(comment('Its keys do not begin with the time, so that every look at the source lists all of them.'), 'sorted: false'),
  )
}

function format({ format, unreadable, badRows }: DataGuess): string {
  const { kind, compression, csv } = format
  const options = {
    type: kind,
    ...(compression !== 'auto' && { compression }),
    ...(csv && csv.delimiter !== ',' && { delimiter: csv.delimiter }),
    ...(csv && csv.quote !== '"' && { quote: csv.quote }),
    ...(csv && !csv.header && { header: false }),
    ...(csv?.nullText !== undefined && { null: csv.nullText }),
  }
  const words = kind === 'parquet' ? 'parquet' : `${kind === 'json' ? 'json: one object a line' : kind}; .gz and .zst are unpacked`
  const unread = unreadable.map(
    ({ name, reason }) => `Cannot be read, and blocks what needs it: ${reason.includes(name) ? reason : `${name}: ${reason}`}`,
  )
  return line(
    comment(`${words}.`, ...unread),
    `format: ${Object.keys(options).length === 1 ? kind : yaml(options)}`,
    badRows ? badRowsLines(badRows) : undefined,
  )
}

function badRowsLines({ share, reason }: NonNullable<DataGuess['badRows']>): string {
  const allowed = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((one) => one >= Math.min(1, share * 2)) ?? 1
  return line(
    '',
    comment(`Up to ${percent(share)} of the rows of a sampled object cannot be read (${oneLine(reason)}); they are skipped and counted.`),
    `bad_rows: {max_share: ${allowed}}`,
    comment('bad_rows: fail   # an object with one such row is refused'),
  )
}

function columns({ columns, leftOut }: DataGuess): string {
  return line(
    comment('Name and type of every column; a value that is none of its type makes its row unreadable.'),
    'columns:',
    ...columns.map(columnLine),
    ...leftOut.map(({ name, reason }) => `  # left out: ${name}: ${oneLine(reason)}`),
  )
}

function columnLine({ field, type: engineType, since, remark }: ColumnGuess): string {
  const type = engineType.replace('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ')
  const { path } = field
  const value =
    path === undefined && since === undefined
      ? yaml(type)
      : yaml({ type, ...(path !== undefined && { path }), ...(since !== undefined && { since }) })
  const remarks = [remark, since === undefined ? undefined : 'older folders do not have it'].filter((text) => text !== undefined)
  return `  ${yaml(field.name)}: ${value}${remarks.length > 0 ? `   # ${oneLine(remarks.join('; '))}` : ''}`
}
