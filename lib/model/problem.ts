import { HindcastError, renderError } from './errors.ts'

/** One thing wrong in a definition file. Loading collects all of them, so a person fixes a file in one go. */
export interface Problem {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly message: string
  readonly found?: string
  readonly allowed?: readonly string[]
}

/** One line for a person: `features/x.sql:7: unknown key 'entitty'; found entitty, allowed: entity, grain`. */
export function renderProblem({ file, line, message, found, allowed }: Problem): string {
  const rest = [...(found === undefined ? [] : [`found ${found}`]), ...(allowed ? [`allowed: ${allowed.join(', ')}`] : [])]
  return [`${file}:${line}: ${message}`, ...(rest.length ? [rest.join(', ')] : [])].join('; ').replace(/\s*\n\s*/g, ' ')
}

/** What a parser of ours threw, as a problem of that line. @throws the error itself where it is none of ours. */
export function problemOf(file: string, line: number, error: unknown): Problem {
  if (!(error instanceof HindcastError)) throw error
  return { file, line, message: renderError(error) }
}

/** In order of the file, as a person goes through it. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
}
