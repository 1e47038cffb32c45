/** A view with every type that the bridge holds, at its extremes, and how either engine writes a value of it down. */

interface TypedColumn {
  readonly name: string
  readonly type: string
  /** SQL of the values of the rows `low`, `high` and `zero`; the row `none` has NULL. */
  readonly values: readonly [string, string, string]
  readonly as: 'text' | 'number' | 'single' | 'time' | 'hex' | 'json'
}

const whole = (name: string, type: string, low: string, high: string): TypedColumn => ({
  ...{ name, type, values: [`(${low})`, high, '0'], as: 'text' },
})
const time = (name: string, type: string, low: string, high: string): TypedColumn => ({
  ...{ name, type, values: [`'${low}'`, `'${high}'`, `'1970-01-01 00:00:00'`], as: 'time' },
})

export const TYPED_COLUMNS: readonly TypedColumn[] = [
  { name: 'a_boolean', type: 'BOOLEAN', values: ['false', 'true', 'false'], as: 'text' },
  whole('a_tinyint', 'TINYINT', '-128', '127'),
  whole('a_smallint', 'SMALLINT', '-32768', '32767'),
  whole('an_integer', 'INTEGER', '-2147483648', '2147483647'),
  whole('a_bigint', 'BIGINT', '-9223372036854775808', '9223372036854775807'),
  whole('a_hugeint', 'HUGEINT', '-9223372036854775808', '9223372036854775807'),
  whole('decimal_38', 'DECIMAL(38,0)', `-${'9'.repeat(38)}`, '9'.repeat(38)),
  whole('decimal_18', 'DECIMAL(18,4)', '-99999999999999.9999', '99999999999999.9999'),
  whole('decimal_9', 'DECIMAL(9,2)', '-9999999.99', '9999999.99'),
  whole('decimal_4', 'DECIMAL(4,1)', '-999.9', '999.9'),
  { name: 'a_float', type: 'FLOAT', values: ["'-3.4028235e38'", "'1.4e-45'", "'-0.0'"], as: 'single' },
  { name: 'a_double', type: 'DOUBLE', values: ["'-1.7976931348623157e308'", "'5e-324'", "'-0.0'"], as: 'number' },
  { name: 'not_finite', type: 'DOUBLE', values: ["'-infinity'", "'infinity'", "'nan'"], as: 'number' },
  { name: 'a_varchar', type: 'VARCHAR', values: ["''", '\'Zoë "said", \\n 日本 🛫\'', "'0'"], as: 'text' },
  { name: 'a_json', type: 'JSON', values: ['\'{"a": [1, null]}\'', "'[]'", "'null'"], as: 'text' },
  { name: 'an_enum', type: "ENUM('x', 'it''s')", values: ["'x'", "'it''s'", "'x'"], as: 'text' },
  { name: 'a_blob', type: 'BLOB', values: ["''", "'\\x00\\xFF'", "'0'"], as: 'hex' },
  { name: 'a_date', type: 'DATE', values: ["'1582-10-15'", "'9999-12-31'", "'1970-01-01'"], as: 'text' },
  time('a_timestamp', 'TIMESTAMP', '1900-01-01 00:00:00.001', '9999-12-31 23:59:59.999999'),
  time('a_timestamptz', 'TIMESTAMPTZ', '1969-12-31 23:59:59.999999+00', '9999-12-31 23:59:59.999999+00'),
  time('a_timestamp_s', 'TIMESTAMP_S', '1900-01-01 00:00:01', '9999-12-31 23:59:59'),
  time('a_timestamp_ms', 'TIMESTAMP_MS', '1900-01-01 00:00:00.001', '9999-12-31 23:59:59.999'),
  time('a_timestamp_ns', 'TIMESTAMP_NS', '1900-01-01 00:00:00.001', '2262-04-11 23:47:16.854775'),
  { name: 'a_list', type: 'INTEGER[]', values: ['[]', '[2147483647, NULL]', '[0]'], as: 'json' },
  { name: 'an_array', type: 'DOUBLE[2]', values: ['[-1.5, 2]', '[1e300, 5e-324]', '[0, 0]'], as: 'json' },
  {
    ...{ name: 'a_struct', type: 'STRUCT(a INTEGER, b VARCHAR)' },
    ...{ values: ["{'a': NULL, 'b': ''}", "{'a': 1, 'b': 'é'}", "{'a': 0, 'b': NULL}"], as: 'json' },
  },
  { name: 'a_map', type: 'MAP(VARCHAR, BIGINT)', values: ['MAP {}', "MAP {'a': 1, 'b': NULL}", "MAP {'': 0}"], as: 'json' },
  { name: 'structs', type: 'STRUCT(a INTEGER)[]', values: ['[]', "[{'a': 1}, NULL]", "[{'a': NULL}]"], as: 'json' },
]

/** The engine has no CASE over arrays of a fixed length, so that is made from one over lists. */
function renderColumn({ name, type, values: [low, high, zero] }: TypedColumn): string {
  const inner = type.replace(/\[\d+\]$/, '[]')
  const cases = Object.entries({ low, high, zero }).map(([id, value]) => `WHEN '${id}' THEN CAST(${value} AS ${inner})`)
  return `  CAST(CASE id ${cases.join(' ')} END AS ${type}) AS ${name}`
}

export const TYPED_ROWS = ['high', 'low', 'none', 'zero']

export const EVERY_TYPE = `/* ---
description: Every type at its extremes.
entity: id
grain: day
repair: 3 days
non_finite: allow
inputs: {ticks: 1 day}
--- */
SELECT id,
${TYPED_COLUMNS.map(renderColumn).join(',\n')}
FROM ticks GROUP BY id
`

/** SQL of a value as text that both engines write alike; numbers and JSON stay what they are. */
export function renderTyped({ name, as }: TypedColumn, engine: 'duckdb' | 'trino'): string {
  if (as === 'time') return engine === 'duckdb' ? `strftime(${name}, '%Y-%m-%d %H:%M:%S.%g')` : `CAST(${name} AS VARCHAR)`
  if (as === 'hex') return engine === 'duckdb' ? `hex(${name})` : `to_hex(${name})`
  if (as === 'json') return engine === 'duckdb' ? `CAST(to_json(${name}) AS VARCHAR)` : `json_format(CAST(${name} AS JSON))`
  return as === 'text' ? `CAST(${name} AS VARCHAR)` : name
}

/** A value that either engine gave, so that equal ones are equal. */
export function sameValue({ as }: TypedColumn, value: unknown): unknown {
  if (value === null) return null
  if (as === 'json') return JSON.parse(String(value))
  if (as === 'single') return Math.fround(Number(value))
  return as === 'number' ? Number(value) : String(value)
}
