import { InvalidInputError } from './errors.ts'
import type { SourceColumn, SourceFormat, TimeUnit } from './source.ts'

/** When a label was asked for. A naive time needs its zone, an integer its unit, a DATE also which end of the day is meant. */
export interface LabelTime {
  readonly column: string
  readonly unit?: TimeUnit
  readonly zone?: string
  /** `end_of_day` is the first instant of the next day: partitions that end with the day are known by then. */
  readonly at?: 'start_of_day' | 'end_of_day'
}

/** A data set with a label time: an object of the lake or a local file. */
export interface Labels {
  readonly key?: string
  readonly path?: string
  /** Undefined: taken from the ending of the name. */
  readonly format?: SourceFormat
  readonly time: LabelTime
  /** Undefined: all columns of a Parquet file. */
  readonly columns?: readonly SourceColumn[]
}

/** One view that a training set reads, under a name of its own. */
export interface TrainingFeature {
  readonly view: string
  readonly as: string
  /** Label column by entity column of the view; undefined: the label columns have the same names. */
  readonly entity?: Readonly<Record<string, string>>
  /** Undefined: all columns of the view but its entity. */
  readonly columns?: readonly string[]
  /** In the place of what the view's header says. */
  readonly carry?: { readonly ms: number } | 'none'
}

/** Where a training set is joined; `auto`: here while it fits this machine. */
export const TRAINING_ENGINES = ['auto', 'duckdb', 'athena'] as const
export type TrainingEngine = (typeof TRAINING_ENGINES)[number]

/** A training set as its file says it. */
export interface Training {
  readonly kind: 'training'
  readonly name: string
  /** The definition file, for messages. */
  readonly file: string
  readonly description: string
  readonly owner?: string
  /** Undefined: `auto`. */
  readonly engine?: TrainingEngine
  readonly labels: Labels
  readonly features: readonly TrainingFeature[]
}

/** What hindcast adds to the columns of each feature: `<as>__age`, `<as>__state`. */
export const ADDED_COLUMNS = ['age', 'state'] as const

/** The name of a feature's column in the training set. */
export function trainingColumn(as: string, column: string): string {
  return `${as}__${column}`
}

/** What became of one label in one feature. */
export const LABEL_STATES = ['value', 'carried', 'absent', 'no_partition'] as const
export type LabelState = (typeof LABEL_STATES)[number]

const ENDINGS: Readonly<Record<string, SourceFormat['kind']>> = {
  parquet: 'parquet',
  csv: 'csv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
}

/** The kind that a file's name tells: `labels.csv.gz` is CSV; undefined where it tells none. */
export function kindOfName(name: string): SourceFormat['kind'] | undefined {
  const ending = /\.([a-z]+)(\.(gz|zst))?$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined
}

const CSV = { delimiter: ',', quote: '"', header: true } as const

/**
 * How the labels of that name are decoded: as `format` says, or by the name where that tells another kind or nothing else is said.
 * @throws InvalidInputError where neither tells.
 */
export function formatOfLabels(name: string, format: SourceFormat | undefined): SourceFormat {
  const kind = kindOfName(name)
  if (format && (kind === undefined || kind === format.kind)) return format
  if (kind === undefined) {
    throw new InvalidInputError(
      `the name of labels '${name}' tells no format; expected an ending .parquet, .csv, .json or .jsonl (also with .gz, .zst), or labels.format`,
    )
  }
  return { kind, compression: 'auto', ...(kind === 'csv' && { csv: CSV }) }
}
