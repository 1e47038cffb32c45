import { type EngineField, type EngineType, parseEngineType, renderEngineType } from '../model/engine-type.ts'
import { identifier, literal } from './quote.ts'
import { castSql } from './time-sql.ts'

/**
 * SQL of a cast from text that never changes what a value says, NULL where it would: `3.7` is no BIGINT, `1.555` no DECIMAL(10,2), a time
 * of a day no DATE. A naive time refuses text with an offset, a zoned one refuses text without. Lists, structs and maps are JSON, and one
 * of their values that does not fit refuses the whole.
 */
export function strictCast(text: string, type: string): string {
  const parsed = parseEngineType(type)
  if (isScalar(parsed)) return scalarCast(text, parsed)
  const [json, name] = [`TRY_CAST(${text} AS JSON)`, renderEngineType(parsed)]
  const whole = `TRY_CAST(${json} AS ${name})`
  const oneByOne = `WHEN ${isValue(json, parsed, 0)} THEN TRY_CAST(${builtFrom(json, parsed, 0)} AS ${name})`
  // Over a key of a map that does not fit, the engine's cast ends with an error.
  if (hasMap(parsed)) return `CASE ${oneByOne} END`
  // It makes NULL of what does not fit, and rounds; where its value is written as the text is, it did neither. One by one the values take
  // 15 times as long.
  return `CASE WHEN CAST(to_json(${whole}) AS VARCHAR) = json(${json}) THEN ${whole} ${oneByOne} END`
}

function isScalar({ kind }: EngineType): boolean {
  return !['list', 'array', 'struct', 'map'].includes(kind)
}

function hasMap(type: EngineType): boolean {
  if (type.kind === 'list' || type.kind === 'array') return hasMap(type.of)
  return type.kind === 'map' || (type.kind === 'struct' && type.fields.some((field) => hasMap(field.type)))
}

function scalarCast(text: string, type: EngineType): string {
  const name = renderEngineType(type)
  const cast = `TRY_CAST(${text} AS ${name})`
  const offset = `regexp_matches(${text}, '(Z|[+-][0-9]{2}(:?[0-9]{2})?)$', 'i') AND ${text} LIKE '%:%'`
  if (/^TIMESTAMP(_S|_MS|_NS)?$/.test(name)) {
    const precise = name === 'TIMESTAMP_NS' ? name : 'TIMESTAMP'
    return `CASE WHEN NOT (${offset}) THEN ${castSql(`TRY_CAST(${text} AS ${precise})`, precise, name)} END`
  }
  if (name === 'TIMESTAMP WITH TIME ZONE') return `CASE WHEN ${offset} THEN TRY_CAST(${text} AS TIMESTAMPTZ) END`
  if (name === 'DATE')
    return `CASE WHEN ${text} LIKE '____-__-__' THEN ${cast} WHEN NOT (${offset}) AND TRY_CAST(${text} AS TIMESTAMP) = ${cast} THEN ${cast} END`
  // The engine would round '3.7' to 4.
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(name)) return `CASE WHEN regexp_full_match(trim(${text}), '[+-]?[0-9]+') THEN ${cast} END`
  if (type.kind === 'decimal') return `CASE WHEN CAST(${cast} AS VARCHAR) = ${text} OR ${isExact(text, type)} THEN ${cast} END`
  return cast
}

/** Whether text has no more digits behind the point than the type; one with an exponent is compared at more digits, where there are more. */
function isExact(text: string, { precision, scale }: Extract<EngineType, { kind: 'decimal' }>): string {
  const plain = `regexp_full_match(trim(${text}), '[+-]?[0-9]*(\\.[0-9]{0,${scale}}0*)?')`
  if (precision === 38) return plain
  const wide = `DECIMAL(38,${38 - (precision - scale)})`
  return `(${plain} OR (${text} ILIKE '%e%' AND TRY_CAST(${text} AS ${wide}) = TRY_CAST(${text} AS DECIMAL(${precision},${scale}))))`
}

/** Whether each value in the JSON fits; a value that is not there or null does. */
function isValue(json: string, type: EngineType, depth: number): string {
  const item = `item_${depth}`
  const all = (values: string, of: EngineType) =>
    `coalesce(list_bool_and(list_transform(${values}, lambda ${item}: ${isValue(item, of, depth + 1)})), true)`
  const when = (kind: 'ARRAY' | 'OBJECT', fits: string) =>
    `CASE coalesce(json_type(${json}), 'NULL') WHEN 'NULL' THEN ${depth > 0} WHEN '${kind}' THEN ${fits} ELSE false END`
  switch (type.kind) {
    case 'list':
      return when('ARRAY', all(elements(json), type.of))
    case 'array':
      return when('ARRAY', `json_array_length(${json}) = ${type.size} AND ${all(elements(json), type.of)}`)
    case 'struct':
      return when('OBJECT', type.fields.map((field) => isValue(member(json, field), field.type, depth + 1)).join(' AND '))
    case 'map': {
      const key = isScalar(type.key) ? `${scalarCast(item, type.key)} IS NOT NULL` : 'false'
      const keys = `coalesce(list_bool_and(list_transform(json_keys(${json}), lambda ${item}: ${key})), true)`
      return when('OBJECT', `${keys} AND ${all(`json_extract(${json}, '$.*')`, type.value)}`)
    }
    default: {
      const text = `(${json} ->> '$')`
      return `(${text} IS NULL OR ${scalarCast(text, type)} IS NOT NULL)`
    }
  }
}

function builtFrom(json: string, type: EngineType, depth: number): string {
  const item = `item_${depth}`
  switch (type.kind) {
    case 'list':
    case 'array':
      return `CASE WHEN json_type(${json}) = 'ARRAY' THEN list_transform(${elements(json)}, lambda ${item}: ${builtFrom(item, type.of, depth + 1)}) END`
    case 'struct': {
      const fields = type.fields.map(
        (field) => `${identifier(field.name ?? '')} := ${builtFrom(member(json, field), field.type, depth + 1)}`,
      )
      return `CASE WHEN json_type(${json}) = 'OBJECT' THEN struct_pack(${fields.join(', ')}) END`
    }
    case 'map':
      return `TRY_CAST(${json} AS ${renderEngineType(type)})`
    default:
      return scalarCast(`(${json} ->> '$')`, type)
  }
}

function elements(json: string): string {
  return `json_extract(${json}, '$[*]')`
}

/** By a JSON pointer, in which any name can be written. */
function member(json: string, { name = '' }: EngineField): string {
  return `json_extract(${json}, ${literal(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)})`
}
