import type { SourceFormat } from '../source.ts'

export type FormatKind = SourceFormat['kind']

const ENDINGS: Readonly<Record<string, FormatKind>> = {
  csv: 'csv',
  tsv: 'csv',
  psv: 'csv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  parquet: 'parquet',
  pq: 'parquet',
  parq: 'parquet',
}

/** Endings of files that lie beside data, or hold it in a form that hindcast cannot read. */
const OTHER =
  'avro orc xlsx xls zip bz2 xz lz4 snappy 7z tar tgz md html htm xml yaml yml sql py ipynb r sh ps1 pdf doc docx png jpg jpeg gif svg crc md5 sha256 sha1 sig lock tmp bak swp cfg ini toml db sqlite feather arrow h5 pkl'.split(
    ' ',
  )

/** The format that a key's ending says: `other` for one that is no data, undefined where the bytes have to tell. */
export function formatOfKey(key: string): FormatKind | 'other' | undefined {
  const ending = endingOf(key)
  if (OTHER.includes(ending)) return 'other'
  return ENDINGS[ending]
}

/** The ending in lower case, that of compression left out: `csv` of `a.csv.gz`; empty where there is none. */
export function endingOf(key: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1).toLowerCase()
  return /\.([a-z0-9]+)$/.exec(name.replace(/\.(gz|gzip|zst|zstd)$/, ''))?.[1] ?? ''
}

/** What the first unpacked bytes of an object hold: a format, or what it is that hindcast cannot read. */
export function formatOfBytes(head: Uint8Array): { readonly kind: FormatKind } | { readonly found: string } {
  if (head.length === 0) return { found: 'nothing' }
  const start = Buffer.from(head.subarray(0, 4)).toString('latin1')
  if (start === 'PAR1') return { kind: 'parquet' }
  const binary: Readonly<Record<string, string>> = { 'Obj\x01': 'Avro', 'PK\x03\x04': 'a zip file', ORC: 'ORC', BZh: 'bzip2' }
  for (const [magic, found] of Object.entries(binary)) if (start.startsWith(magic)) return { found }
  if (head.includes(0)) return { found: 'bytes that are no text' }
  const text = new TextDecoder()
    .decode(head)
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (text.startsWith('['))
    return isRowOfCsv(text) ? { kind: 'csv' } : { found: 'one JSON array; expected JSON lines, as jq -c .[] writes them' }
  if (!text.startsWith('{')) return text === '' ? { found: 'blank lines' } : { kind: 'csv' }
  const [line = ''] = text.split('\n')
  const isWhole = line.trimEnd().endsWith('}') || !text.includes('\n')
  return isWhole ? { kind: 'json' } : { found: 'JSON over several lines; expected one object a line, as jq -c . writes them' }
}

/** A bracket may also begin the first field of a line: `[info],2024-01-05`. */
function isRowOfCsv(text: string): boolean {
  return /^\[[\w .:/-]*\][^\]\s]/.test(text) && !/^\[\s*[{["\d]/.test(text)
}
