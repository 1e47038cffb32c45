import { KEYWORDS, ORDER, PURE, REFUSED, REFUSED_BY_COUNT, TABLE_PURE, TABLE_REFUSED } from './function-table.ts'

/**
 * What a function may do to a view's promise: `pure` nothing, `order` let the order of rows show, `refused` let the time or place of
 * the run show. `reason` completes a sentence that begins with the function's name.
 */
export type FunctionClass =
  | { readonly kind: 'pure' }
  | { readonly kind: 'order'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** Where a name is called: as a value, or as a table in FROM. The same name can be two functions (`histogram`, `range`). */
export type FunctionPlace = 'value' | 'table'

const words = (names: string): string[] => names.trim().split(/\s+/)
const PURE_CLASS: FunctionClass = { kind: 'pure' }

function buildTable(pure: string, groups: readonly (readonly [FunctionClass['kind'], { reason: string; names: string }])[]) {
  const table = new Map<string, FunctionClass>(words(pure).map((name) => [name.toLowerCase(), PURE_CLASS]))
  for (const [kind, { reason, names }] of groups) for (const name of words(names)) table.set(name.toLowerCase(), { kind, reason })
  return table
}

const TABLES: Readonly<Record<FunctionPlace, ReadonlyMap<string, FunctionClass>>> = {
  value: buildTable(PURE, [...ORDER.map((group) => ['order', group] as const), ...REFUSED.map((group) => ['refused', group] as const)]),
  table: buildTable(
    TABLE_PURE,
    TABLE_REFUSED.map((group) => ['refused', group] as const),
  ),
}

/** Stems of the names that end in `*`; the star of an operator such as `~~*` is its own. */
const isPattern = (name: string): boolean => /\w\*$/.test(name)

const BY_COUNT = new Map(REFUSED_BY_COUNT.flatMap((group) => words(group.names).map((name) => [name, group] as const)))

/** Words that DuckDB takes for a call without parentheses where no column of that name is in scope. */
export const KEYWORD_FUNCTIONS: ReadonlySet<string> = new Set(words(KEYWORDS))

/** All names and patterns that the table classifies, lower-case, for comparing with an engine build. */
export function classifiedNames(place: FunctionPlace): string[] {
  return [...TABLES[place].keys(), ...(place === 'value' ? BY_COUNT.keys() : [])]
}

/** The class of a call, or undefined for a name that this engine build does not have. Names are compared without case. */
export function classifyFunction(name: string, place: FunctionPlace, argumentCount: number): FunctionClass | undefined {
  const lower = name.toLowerCase()
  const table = TABLES[place]
  const byCount = place === 'value' ? BY_COUNT.get(lower) : undefined
  if (byCount) return byCount.argumentCount === argumentCount ? { kind: 'refused', reason: byCount.reason } : PURE_CLASS
  const exact = table.get(lower)
  if (exact) return exact
  for (const [pattern, found] of table) if (isPattern(pattern) && lower.startsWith(pattern.slice(0, -1))) return found
  return undefined
}
