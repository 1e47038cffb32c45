import { type Field, snakeName } from '../model/infer/column-facts.ts'
import type { SourceFormat } from '../model/source.ts'
import { isAssignable } from './profile.ts'
import type { FoundField } from './sample-fields.ts'

/** One field over all sampled objects. */
export interface MergedField extends Field {
  /** The keys that lead to it in a record. */
  readonly at: readonly string[]
  /** By object, in their order: whether it has the field. */
  readonly present: readonly boolean[]
  /** Types of which none holds the values of all: no column can be read so. */
  readonly conflict?: readonly string[]
}

/** Joins what several objects hold, in the order in which fields first appear, the newest object's first. */
export function mergeFields(perObject: readonly (readonly FoundField[])[], kind: SourceFormat['kind']): MergedField[] {
  const keys = new Map<string, { readonly at: readonly string[]; readonly found: Map<number, FoundField> }>()
  const order = [...perObject.keys()].reverse()
  for (const index of order) {
    for (const field of perObject[index] ?? []) {
      // The engine ignores letter case in columns; of two names that differ in it alone the first is taken.
      const name = JSON.stringify(kind === 'json' ? field.at : field.at.map((part) => part.toLowerCase()))
      const entry = keys.get(name) ?? { at: field.at, found: new Map<number, FoundField>() }
      if (entry.at.join('\0') === field.at.join('\0')) keys.set(name, { ...entry, found: entry.found.set(index, field) })
    }
  }
  const names = kind === 'json' ? jsonNames([...keys.values()].map(({ at }) => at)) : undefined
  return [...keys.values()].map(({ at, found }, column) => {
    const types = [...new Set([...found.values()].flatMap(({ type }) => (type === undefined || type === 'NULL' ? [] : [type])))]
    const type = kind === 'json' ? (jsonType(types) ?? 'VARCHAR') : widest(types)
    const [name = '', ...inside] = at
    return {
      ...(names?.[column] ?? { name, inside }),
      at,
      present: perObject.map((_, index) => found.has(index)),
      ...(kind !== 'csv' && type !== undefined && { type }),
      ...(kind === 'parquet' && type === undefined && types.length > 1 && { conflict: types }),
    }
  })
}

/** The type that holds the values of all. */
function widest(types: readonly string[]): string | undefined {
  return types.length === 0 ? 'VARCHAR' : types.find((type) => types.every((other) => isAssignable(other, type)))
}

/** JSON writes whole and other numbers alike; values of several kinds are read as text. */
function jsonType(types: readonly string[]): string | undefined {
  const known = types.filter((type) => type !== 'NULL[]')
  const [first, ...more] = known
  if (more.length === 0) return first ?? (types.length > 0 ? 'JSON' : undefined)
  if (known.every((type) => type === 'BIGINT' || type === 'DOUBLE')) return 'DOUBLE'
  return known.every((type) => !/\[\]$|^JSON$/.test(type)) ? 'VARCHAR' : 'JSON'
}

/** A key that is a name keeps it; any other, and one inside another, gets a column of its own with a path. */
function jsonNames(paths: readonly (readonly string[])[]): Field[] {
  const taken = new Set<string>()
  const names = new Map<readonly string[], Field>()
  // What stands at the top goes first, so that it keeps its name.
  for (const at of paths.toSorted((a, b) => a.length - b.length)) {
    const [top = ''] = at
    const isPlain = at.length === 1 && /^[A-Za-z_]\w*$/.test(top) && !taken.has(top.toLowerCase())
    const name = isPlain ? top : freeName(snakeName(at.join('_')).replace(/^(?=\d)/, '_') || 'value', taken)
    taken.add(name.toLowerCase())
    names.set(at, { name, inside: [], ...(!isPlain && { path: `$${at.map(pathPart).join('')}` }) })
  }
  return paths.map((at) => names.get(at) ?? { name: '', inside: [] })
}

function pathPart(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `."${key}"`
}

function freeName(base: string, taken: ReadonlySet<string>): string {
  let name = base
  for (let more = 2; taken.has(name.toLowerCase()); more++) name = `${base}_${more}`
  return name
}
