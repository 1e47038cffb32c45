import { renderSuggestion } from '../model/nearest.ts'

/** A table that the SQL can read, with its columns. */
export interface KnownTable {
  readonly name: string
  readonly columns: readonly { readonly name: string }[]
}

/** What the binder found wrong, said for a person. */
export interface BinderProblem {
  readonly message: string
  readonly found?: string
  readonly allowed?: readonly string[]
}

const LISTED_MAX = 40

/**
 * The engine's message without its noise: no `LINE 1:` and caret, no list of every overload, and for a missing column the columns
 * that exist in place of the engine's one or two candidates.
 */
export function binderProblem(engineMessage: string, tables: readonly KnownTable[]): BinderProblem {
  const text = engineMessage.replace(/\n+LINE \d+:[\s\S]*$/, '').replace(/^(Binder|Catalog|Parser) Error: /, '')
  return missingColumn(text, tables) ?? missingFunction(text) ?? wrongArguments(text) ?? { message: sentence(text) }
}

function missingColumn(text: string, tables: readonly KnownTable[]): BinderProblem | undefined {
  const qualified = /^(?:Table|Values list) "(.+)" does not have a column named "(.+)"/.exec(text)
  const name = qualified?.[2] ?? /^Referenced column "(.+)" (?:was )?not found (?:in|because)/.exec(text)?.[1]
  if (name === undefined) return undefined
  if (text.includes('FROM clause is missing')) return { message: `column ${name} has no table: there is no FROM`, found: name }
  const owner = tables.find((table) => table.name === qualified?.[1]?.toLowerCase())
  const scope = owner ? [owner] : tables
  const columns = scope.flatMap((table) =>
    table.columns.map((column) => (scope.length === 1 ? column.name : `${table.name}.${column.name}`)),
  )
  const names = scope.flatMap((table) => table.columns.map((column) => column.name))
  const where = qualified ? ` in ${qualified[1]}` : ''
  return { message: `column ${name} does not exist${where}${renderSuggestion(name, names)}`, found: name, allowed: shortened(columns) }
}

function missingFunction(text: string): BinderProblem | undefined {
  const match = /^(\w+ )*Function with name "?([^\s"]+)"? does not exist!(?:\s*Did you mean "(.+)"\?)?/i.exec(text)
  if (!match?.[2]) return undefined
  return { message: `function ${match[2]}() does not exist${match[3] ? `, did you mean '${match[3]}'?` : ''}`, found: match[2] }
}

function wrongArguments(text: string): BinderProblem | undefined {
  const call = /^No function matches the given name and argument types '(.+?)'/.exec(text)?.[1]
  if (call === undefined) return undefined
  const candidates = [...text.matchAll(/^\t(?!Candidate)(.+?) -> /gm)].map((match) => match[1] ?? '')
  const message = 'no function takes arguments of these types; a cast may help'
  // Operators have 40 overloads; a list of them helps nobody.
  return candidates.length > 0 && candidates.length <= 10 ? { message, found: call, allowed: candidates } : { message, found: call }
}

function shortened(names: readonly string[]): string[] {
  const more = names.length - LISTED_MAX
  return more > 0 ? [...names.slice(0, LISTED_MAX), `${more} more`] : [...names]
}

/** The first line, lower-case, without the mark at its end. */
function sentence(text: string): string {
  const line = (text.split('\n')[0] ?? '').replace(/[!.]$/, '').trim()
  return /^[A-Z][a-z]/.test(line) ? line.slice(0, 1).toLowerCase() + line.slice(1) : line
}
