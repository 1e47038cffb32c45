import { descendants, namesOf, type Tree, textOf } from './parse-tree.ts'

/** Names in the SQL, lower-case. */
export interface SqlNames {
  /** Names that stand for a value somewhere: columns that the caller knows, aliases, lambda parameters. */
  readonly valueNames: ReadonlySet<string>
  /** Names and aliases of tables: a bare reference to one is its whole row. */
  readonly rowNames: ReadonlySet<string>
}

/** Collects over the whole statement, without regard to scope. */
export function collectNames(root: Tree, columns: Iterable<string>): SqlNames {
  const values = [...columns]
  const rows: string[] = []
  for (const node of descendants(root)) {
    if (node.class !== undefined) values.push(textOf(node.alias))
    else rows.push(textOf(node.alias), textOf(node.table_name))
    values.push(...namesOf(node.column_name_alias), ...namesOf(node.aliases))
    if (node.class === 'LAMBDA') for (const side of descendants(node.lhs)) values.push(...namesOf(side.column_names))
  }
  const lower = (names: readonly string[]) => new Set(names.filter((name) => name !== '').map((name) => name.toLowerCase()))
  return { valueNames: lower(values), rowNames: lower(rows) }
}
