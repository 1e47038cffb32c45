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

/** A piece of the text, in `[start, end)` code units. */
export interface WordText {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** A parameter as it stands in the text: `$start`, `$1` or `?`. */
export type ParameterText = WordText

const SKIPPED = [
  String.raw`\$(\w*)\$[\s\S]*?\$\1\$`,
  String.raw`[eE]'(?:\\[\s\S]|''|[^'\\])*'`,
  "'(?:[^']|'')*'",
  '"(?:[^"]|"")*"',
  '--[^\n]*',
  String.raw`/\*[\s\S]*?\*/`,
].join('|')
const PARAMETER = new RegExp(String.raw`${SKIPPED}|(?<found>(?<![\w$])\$\w+|\?\d*)`, 'g')
const WORD = new RegExp(String.raw`${SKIPPED}|(?<found>(?<![\w$])[a-zA-Z_\u0080-\uffff][\w$\u0080-\uffff]*)`, 'g')

/** The parameters in the text, in order; those inside strings, quoted names and comments are none. */
export function findParameters(sql: string): ParameterText[] {
  return findAll(sql, PARAMETER)
}

/** The names and keywords in the text that are not quoted, in order; those inside strings and comments are none. */
export function findWords(sql: string): WordText[] {
  return findAll(sql, WORD)
}

function findAll(sql: string, pattern: RegExp): WordText[] {
  const found: WordText[] = []
  for (const match of sql.matchAll(pattern)) {
    const text = match.groups?.found
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
