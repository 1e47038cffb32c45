/** How Hive's SerDes read JSON lines and CSV: https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html */
import { type EngineType, parseEngineType } from './engine-type.ts'
import { type FileFormat, type GlueColumn, glueColumn } from './glue-table.ts'
import type { CsvOptions, SourceColumn } from './source.ts'
import { bridgeType } from './types.ts'

export interface TextColumns {
  readonly columns: readonly GlueColumn[]
  /** Columns that cannot be read, each with why. */
  readonly leftOut: readonly string[]
}

const TEXT = {
  InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
}
/** A character that text does not have: hindcast's CSV has no escapes but doubled quotes. */
const NO_ESCAPE = '\u0001'

/** Every column is text, as it stands in the file. */
export function csvFiles({ delimiter, quote }: Pick<CsvOptions, 'delimiter' | 'quote'>): FileFormat {
  const serde =
    quote === ''
      ? { SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe', Parameters: { 'field.delim': delimiter } }
      : {
          SerializationLibrary: 'org.apache.hadoop.hive.serde2.OpenCSVSerde',
          Parameters: { separatorChar: delimiter, quoteChar: quote, escapeChar: NO_ESCAPE },
        }
  return { classification: 'csv', ...TEXT, SerdeInfo: serde }
}

/** Keys that are not named as their columns are mapped. */
export function jsonFiles(columns: readonly SourceColumn[], skipsBad: boolean): FileFormat {
  const mapped = columns.flatMap(({ name, path }) => {
    const key = topKey(path)
    return key === undefined || key.toLowerCase() === name ? [] : [[`mapping.${name}`, key]]
  })
  const Parameters = { ...(skipsBad && { 'ignore.malformed.json': 'true' }), ...Object.fromEntries(mapped) }
  return { classification: 'json', ...TEXT, SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe', Parameters } }
}

/** Times and dates are text as it stands in the record, since the SerDe takes one spelling only. */
export function jsonColumns(columns: readonly SourceColumn[]): TextColumns {
  const held: GlueColumn[] = []
  const leftOut: string[] = []
  for (const { name, type, path } of columns) {
    const glue = jsonType(type)
    if (path !== undefined && topKey(path) === undefined) leftOut.push(`${name}: it stands at ${path}, not at the top of the record`)
    else if (glue === undefined) leftOut.push(`${name}: Athena cannot read ${type} from JSON`)
    else held.push(glueColumn(name, glue))
  }
  return { columns: held, leftOut }
}

function jsonType(type: string): string | undefined {
  const parsed = parseEngineType(type)
  if (parsed.kind === 'scalar' && /^(DATE|TIMESTAMP.*|BLOB|JSON)$/.test(parsed.name)) return 'string'
  const bridged = bridgeType(type)
  return bridged.kind === 'refused' || bridged.storeAs !== undefined || holdsTimes(parsed) ? undefined : bridged.glue
}

function holdsTimes(type: EngineType): boolean {
  switch (type.kind) {
    case 'scalar':
      return /^(DATE|TIMESTAMP.*|BLOB)$/.test(type.name)
    case 'list':
    case 'array':
      return holdsTimes(type.of)
    case 'map':
      return holdsTimes(type.key) || holdsTimes(type.value)
    case 'struct':
    case 'union':
      return type.fields.some((field) => holdsTimes(field.type))
    default:
      return false
  }
}

/** `$.key` or `$."key"`; undefined for what lies deeper. */
function topKey(path: string | undefined): string | undefined {
  const [, plain, quoted] = /^\$\.(?:(\w+)|"([^"]+)")$/.exec(path ?? '') ?? []
  return plain ?? quoted
}

/** The names in the first line of a CSV file. */
export function splitCsvHeader(line: string, { delimiter, quote }: Pick<CsvOptions, 'delimiter' | 'quote'>): string[] {
  const names: string[] = []
  let name = ''
  let quoted = false
  for (const character of line) {
    if (quote !== '' && character === quote) quoted = !quoted
    else if (character === delimiter && !quoted) {
      names.push(name.trim())
      name = ''
    } else name += character
  }
  return [...names, name.trim()]
}
