/** One thing that is wrong with a view's SQL. */
export interface SqlProblem {
  /** Lower-case sentence: what is wrong and why. */
  readonly message: string
  /** What stands there. */
  readonly found: string
  /** What may stand there instead. */
  readonly allowed: string
  /** Where, in UTF-16 code units from the start of the SQL; absent where the engine does not say. */
  readonly offset?: number
}

/** A parameter as it stands in the text: `$start`, `$1` or `?`, in `[start, end)` code units. */
export interface ParameterText {
  readonly text: string
  readonly start: number
  readonly end: number
}

const SKIPPED = [
  String.raw`\$(\w*)\$[\s\S]*?\$\1\$`,
  String.raw`[eE]'(?:\\[\s\S]|''|[^'\\])*'`,
  "'(?:[^']|'')*'",
  '"(?:[^"]|"")*"',
  '--[^\n]*',
  String.raw`/\*[\s\S]*?\*/`,
].join('|')
const TOKEN = new RegExp(String.raw`${SKIPPED}|(?<parameter>(?<![\w$])\$\w+|\?\d*)`, 'g')

/** The parameters in the text, in order; those inside strings, quoted names and comments are none. */
export function findParameters(sql: string): ParameterText[] {
  const found: ParameterText[] = []
  for (const match of sql.matchAll(TOKEN)) {
    const text = match.groups?.parameter
    if (text !== undefined) found.push({ text, start: match.index, end: match.index + text.length })
  }
  return found
}

/** DuckDB's parse trees and binder count UTF-8 bytes; this gives UTF-16 code units. */
export function charOffset(sql: string, byteOffset: number): number {
  return Buffer.from(sql).subarray(0, byteOffset).toString().length
}

/** The first word of the statement, upper-case, comments skipped: `INSERT`. */
export function firstWord(sql: string): string {
  const bare = sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ').trim()
  return (/^\w+/.exec(bare)?.[0] ?? bare.slice(0, 1)).toUpperCase()
}

/** An `offset` property where the engine gave a place (in bytes), nothing otherwise. */
export function at(sql: string, byteOffset: unknown): { offset?: number } {
  const bytes = Number(byteOffset ?? Number.NaN)
  return Number.isSafeInteger(bytes) && bytes >= 0 ? { offset: charOffset(sql, bytes) } : {}
}

/** The same for a syntax error, whose place DuckDB counts in code points (measured on 1.5.5). */
export function atCodePoint(sql: string, codePoints: unknown): { offset?: number } {
  const count = Number(codePoints ?? Number.NaN)
  return Number.isSafeInteger(count) ? { offset: [...sql].slice(0, count).join('').length } : {}
}
