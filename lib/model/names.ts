import { InvalidInputError } from './errors.ts'

/** Columns and parts of names that hindcast itself writes. */
const OURS: readonly string[] = ['dt', 'v', 'feature_time']
/** Names that the registry uses beside those of views. */
const REGISTRY: readonly string[] = ['engine', 'published']

/**
 * Words that Athena (its DDL and its SELECT, from "Escape reserved keywords" in its manual) or DuckDB (`duckdb_keywords()`, reserved) read as
 * syntax: a table with such a name could be queried in quotes only.
 */
const KEYWORDS = new Set(
  `all alter analyse analyze and any array as asc asymmetric authorization between bigint binary boolean both by case cashe cast char check
  collate column commit conf constraint create cross cube current current_catalog current_date current_path current_schema current_time
  current_timestamp current_user cursor database date dayofweek deallocate decimal default deferrable delete desc describe distinct div do
  double drop else end escape except exchange execute exists extended external extract false fetch float floor following for foreign from
  full function grant group grouping having if import in initially inner insert int integer intersect interval into is join lambda lateral
  leading left less like limit listagg local localtime localtimestamp macro map more natural none normalize not null numeric of offset on
  only or order out outer over partialscan partition percent pivot pivot_longer pivot_wider placing preceding precision prepare preserve
  primary procedure qualify range reads recursive reduce references regexp returning revoke right rlike rollback rollup row rows select set
  show skip smallint some start summarize symmetric table tablesample then time timestamp to trailing transform trigger trim true truncate
  uescape unbounded union unique uniquejoin unnest unpivot update user using utc_timestamp values varchar variadic views when where window
  with`.split(/\s+/),
)

/** A name as definitions use them: of a view, a source, an input, an entity column. @throws InvalidInputError saying what is allowed. */
export function parseName(what: string, name: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) {
    throw new InvalidInputError(`${what} '${name}' is not a name; expected lower-case letters, digits and _, not beginning with a digit`)
  }
  if (OURS.includes(name) || name.includes('__')) {
    throw new InvalidInputError(`${what} '${name}' is reserved; expected a name other than ${OURS.join(', ')} and without '__'`)
  }
  return name
}

/** A name that becomes a table: no SQL keyword either. @throws InvalidInputError. */
export function parseTableName(what: string, name: string): string {
  if (name.startsWith('_') || REGISTRY.includes(name)) {
    throw new InvalidInputError(
      `${what} '${name}' is reserved; expected a name that does not begin with _ and is none of ${REGISTRY.join(', ')}`,
    )
  }
  if (KEYWORDS.has(name)) throw new InvalidInputError(`${what} '${name}' is an SQL keyword; expected another name, such as ${name}_1`)
  return parseName(what, name)
}
