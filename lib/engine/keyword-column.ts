import type { DuckDBConnection } from '@duckdb/node-api'
import { parseSelect } from './parse-tree.ts'
import { identifier } from './quote.ts'
import { findWords, type SqlProblem, type WordText } from './sql-text.ts'

/**
 * A syntax error that a column named like a keyword makes, told by that word: the parser names what it stumbles over, which is as a rule
 * the word behind. Any other problem is given back as it is. The answer is held against the parser, which must get further once the word is
 * quoted.
 */
export async function explainSyntaxError(
  connection: DuckDBConnection,
  sql: string,
  problem: SqlProblem,
  columns: Iterable<string>,
): Promise<SqlProblem> {
  const { offset } = problem
  if (offset === undefined) return problem
  const known = new Map([...columns].map((name) => [name.toLowerCase(), name]))
  for (const word of suspects(sql, offset, known)) {
    if (!(await isKeyword(connection, word.text)) || !(await getsFurther(connection, sql, word, offset))) continue
    const column = known.get(word.text.toLowerCase()) ?? word.text
    const message = `${word.text} is a keyword of SQL, so the column '${column}' cannot stand here without quotes`
    return { message, found: word.text, allowed: identifier(column), offset: word.start }
  }
  return problem
}

/** The word at the place of the error, then the one before it, where they are names of columns. */
function suspects(sql: string, offset: number, known: ReadonlyMap<string, string>): WordText[] {
  const before = findWords(sql).filter(({ start }) => start <= offset)
  return before
    .slice(-2)
    .reverse()
    .filter(({ text }) => known.has(text.toLowerCase()))
}

async function isKeyword(connection: DuckDBConnection, word: string): Promise<boolean> {
  const sql = "SELECT count(*)::INTEGER FROM duckdb_keywords() WHERE keyword_category <> 'unreserved' AND keyword_name = lower($1)"
  const reader = await connection.runAndReadAll(sql, [word])
  return reader.getRows()[0]?.[0] === 1
}

async function getsFurther(connection: DuckDBConnection, sql: string, { start, end, text }: WordText, offset: number): Promise<boolean> {
  const quoted = identifier(text)
  const parsed = await parseSelect(connection, sql.slice(0, start) + quoted + sql.slice(end))
  const next = 'problem' in parsed ? parsed.problem.offset : Number.POSITIVE_INFINITY
  return next !== undefined && next > offset + quoted.length - text.length
}
