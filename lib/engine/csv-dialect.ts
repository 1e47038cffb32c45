import { DataError } from '../model/errors.ts'
import type { CsvOptions } from '../model/source.ts'
import type { Session } from './engine.ts'
import { literal } from './quote.ts'

/** How a CSV object is written, as the engine's own sniffer finds it. @throws DataError for one that hindcast cannot decode, saying why. */
export async function sniffCsv(session: Session, file: string, key: string): Promise<CsvOptions & { readonly columns: number }> {
  const [found] = await session.rows(
    `SELECT "Delimiter" AS delimiter, "Quote" AS quote, "SkipRows"::INTEGER AS skipped, "HasHeader" AS header, len("Columns")::INTEGER AS columns ` +
      `FROM sniff_csv(${literal(file)}, sample_size=20480, strict_mode=false)`,
  )
  const delimiter = String(found?.delimiter ?? ',').replace('\\t', '\t')
  const skipped = Number(found?.skipped ?? 0)
  if (skipped > 0) throw new DataError(`${key} has ${skipped} lines before its header; expected none`)
  if (delimiter.length !== 1) throw new DataError(`${key} separates fields by '${delimiter}'; expected one character`)
  const quote = String(found?.quote ?? '')
  return { delimiter, quote: quote.length === 1 ? quote : '"', header: found?.header === true, columns: Number(found?.columns ?? 0) }
}
