import { DataError, HindcastError, InternalError, InvalidInputError, TransientError } from '../model/errors.ts'

const DATA =
  /^(Conversion|Invalid Input|Out of Range|Data|Serialization|Divide by Zero|Decimal|Mismatch Type|Cast) ?Error|^(Invalid|TProtocolException|Parquet)/i
const DEFINITION = /^(Binder|Catalog|Parser|Not implemented|Permission|Syntax) Error/i

/** Classifies an error of DuckDB, once, at the border: bad data, a bad definition, a full disk, or a bug of ours. */
export function engineError(error: unknown): HindcastError {
  if (error instanceof HindcastError) return error
  const text = error instanceof Error ? error.message : String(error)
  const line = text.split('\n')[0] ?? text
  if (/No space left|failed to offload data block/i.test(text)) {
    return new TransientError(`the disk of the scratch folder is full; nothing was written: ${line}`, {}, { cause: error })
  }
  if (/^IO Error.*(Too many open files|Permission denied|Input\/output error|No such file)/i.test(text)) {
    return new TransientError(`a file of the scratch folder cannot be used: ${line}`, {}, { cause: error })
  }
  if (/^INTERRUPT Error/i.test(text)) return new TransientError('the engine was interrupted', {}, { cause: error })
  if (/^Out of Memory Error/i.test(text)) {
    return new DataError(`the query needs more memory than the engine build has: ${line}`, {}, { cause: error })
  }
  if (DEFINITION.test(text)) return new InvalidInputError(`the engine refused the SQL: ${text.trim()}`, {}, { cause: error })
  if (DATA.test(text) || /^IO Error/i.test(text)) return new DataError(line, {}, { cause: error })
  return new InternalError(`the engine failed: ${text.trim()}`, {}, { cause: error })
}
