import { InvalidInputError } from './errors.ts'

/**
 * A lexer of DuckDB's SQL, good enough to say when two texts are the same query: comments (block comments nest) and white space go, every
 * other token stays exactly as typed. The rules are those of PostgreSQL's scanner as DuckDB 1.5 uses it, measured against the engine in the tests.
 */

const WORD = '[A-Za-z_\\u0080-\\uffff]'
const SPACE = /\s+/y
const LINE_COMMENT = /--[^\n\r]*/y
const IDENTIFIER = new RegExp(`(?!\\s)${WORD}(?:(?!\\s)[A-Za-z0-9_$\\u0080-\\uffff])*`, 'y')
const NUMBER = /(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y
const PARAMETER = /\$[A-Za-z0-9_\u0080-\uffff]+/y
const QUOTED_IDENTIFIER = /"(?:[^"]|"")*"/y
const STRING = /[bBxXnN]?'(?:[^']|'')*'/y
const ESCAPE_STRING = /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y
/** Two strings with a line break between them are one. */
const CONTINUED = /(?:[^\S\n\r]|--[^\n\r]*)*[\n\r](?:\s|--[^\n\r]*(?=[\n\r]))*(?=')/y
const OPERATOR = /[~!@#^&|`?+\-*/%<>=]+/y
const PAIR = /::|:=|\.\./y

/** The tokens in order; a `;` at the end is dropped. @throws InvalidInputError, with the line, for a quote or comment that is not closed. */
export function sqlTokens(sql: string): string[] {
  const tokens: string[] = []
  for (let at = 0; at < sql.length; ) {
    const blank = match(SPACE, sql, at) ?? match(LINE_COMMENT, sql, at) ?? blockComment(sql, at)
    const token = blank === undefined ? tokenAt(sql, at) : undefined
    if (token) tokens.push(token.text)
    at += blank?.length ?? token?.length ?? 1
  }
  while (tokens.at(-1) === ';') tokens.pop()
  return tokens
}

/** The tokens joined by one space: equal for two texts that differ in comments and spacing only. @throws as `sqlTokens`. */
export function canonicalSql(sql: string): string {
  return sqlTokens(sql).join(' ')
}

/** A token and the characters of SQL that it takes up, which differ only where a string goes on behind a line break. */
interface Token {
  readonly text: string
  readonly length: number
}

function tokenAt(sql: string, at: number): Token {
  const escaped = match(ESCAPE_STRING, sql, at)
  if (escaped !== undefined) return continued(sql, at, { text: escaped, strings: /(?:[^'\\]|\\[\s\S]|'')*'/y })
  const string = match(STRING, sql, at)
  if (string !== undefined) return continued(sql, at, { text: string, strings: /(?:[^']|'')*'/y })
  const text =
    match(IDENTIFIER, sql, at) ??
    match(NUMBER, sql, at) ??
    dollarQuoted(sql, at) ??
    match(PARAMETER, sql, at) ??
    match(QUOTED_IDENTIFIER, sql, at) ??
    operator(sql, at) ??
    match(PAIR, sql, at) ??
    single(sql, at)
  return { text, length: text.length }
}

function continued(sql: string, at: number, { text, strings }: { readonly text: string; readonly strings: RegExp }): Token {
  let whole = text
  let end = at + text.length
  for (let gap = match(CONTINUED, sql, end); gap !== undefined; gap = match(CONTINUED, sql, end)) {
    const more = match(strings, sql, end + gap.length + 1)
    if (more === undefined) throw unclosed('string', sql, end + gap.length)
    whole = whole.slice(0, -1) + more
    end += gap.length + 1 + more.length
  }
  return { text: whole, length: end - at }
}

function blockComment(sql: string, at: number): string | undefined {
  if (!sql.startsWith('/*', at)) return undefined
  let depth = 0
  for (let end = at; end < sql.length; end++) {
    const two = sql.slice(end, end + 2)
    if (two === '/*') depth++
    if (two === '*/') depth--
    if (two === '/*' || two === '*/') end++
    if (depth === 0) return sql.slice(at, end + 1)
  }
  throw unclosed('comment', sql, at)
}

function dollarQuoted(sql: string, at: number): string | undefined {
  const quote = match(DOLLAR_QUOTE, sql, at)
  if (quote === undefined) return undefined
  const end = sql.indexOf(quote, at + quote.length)
  if (end < 0) throw unclosed('dollar quote', sql, at)
  return sql.slice(at, end + quote.length)
}

/** A run of operator characters ends before a comment, and, unless it holds one of `~!@#^&|?%` and the backquote, before its last `+` or `-`. */
function operator(sql: string, at: number): string | undefined {
  const run = match(OPERATOR, sql, at)
  if (run === undefined) return undefined
  const text = run.slice(0, Math.max(1, run.search(/--|\/\*|$/)))
  return /[~!@#^&|`?%]/.test(text) ? text : text.slice(0, Math.max(1, text.search(/[+-]*$/)))
}

function single(sql: string, at: number): string {
  const character = sql.charAt(at)
  if (character === "'") throw unclosed('string', sql, at)
  if (character === '"') throw unclosed('quoted name', sql, at)
  return character
}

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0]
}

function unclosed(what: string, sql: string, at: number): InvalidInputError {
  return new InvalidInputError(`a ${what} is not closed`, { line: sql.slice(0, at).split('\n').length })
}
