/** The two quoting helpers: SQL that we render puts every identifier and every literal through one of them. */

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function literal(value: string | number | boolean | null): string {
  if (value === null) return 'NULL'
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)
}

export function literalList(values: readonly string[]): string {
  return `[${values.map(literal).join(', ')}]`
}
