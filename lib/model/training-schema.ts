import * as z from 'zod'
import { age, formatNumber, text, zone } from './definition-schema.ts'
import { InvalidInputError } from './errors.ts'
import { parseName } from './names.ts'
import { columnType, formatKey, jsonPath } from './source-schema.ts'
import { TRAINING_ENGINES } from './training.ts'
import { parsedBy } from './zod-problems.ts'

const labelColumn = z.union([
  columnType.transform((type) => ({ type, path: undefined })),
  z.strictObject({ type: columnType, path: jsonPath.optional() }),
])

const time = z.union([
  text.transform((column) => ({ column, unit: undefined, zone: undefined, at: undefined })),
  z.strictObject({
    column: text,
    unit: z.enum(['s', 'ms', 'us', 'ns']).optional(),
    zone: zone.optional(),
    at: z.enum(['start_of_day', 'end_of_day']).optional(),
  }),
])

const labels = z.strictObject({
  key: parsedBy(text, parseObjectKey).optional(),
  path: text.optional(),
  format: formatKey.optional(),
  time,
  columns: parsedBy(z.record(text, labelColumn), requireOne('column')).optional(),
})

const feature = z.strictObject({
  view: text,
  as: parsedBy(text, (name) => parseName('name', name)).optional(),
  entity: parsedBy(z.record(text, text), requireOne('entity column')).optional(),
  columns: parsedBy(z.array(text), parseColumns).optional(),
  carry: z.union([z.literal('none'), age]).optional(),
})

/** A training set's file, before what needs several of its keys. */
export const trainingFile = z.strictObject({
  description: text,
  owner: text.optional(),
  engine: z.enum(TRAINING_ENGINES).optional(),
  labels,
  features: parsedBy(z.array(feature), parseFeatures),
  format: formatNumber,
})

export type TrainingFile = z.output<typeof trainingFile>

function parseObjectKey(key: string): string {
  if (!/^\/|\/$|\/\/|(^|\/)\.{1,2}(\/|$)/.test(key)) return key
  throw new InvalidInputError(`'${key}' is not the key of an object; expected one such as labels/late_flights.parquet`)
}

function requireOne(what: string) {
  return <T>(map: Readonly<Record<string, T>>): Readonly<Record<string, T>> => {
    if (!Object.keys(map).length) throw new InvalidInputError(`an empty map; expected at least one ${what}`)
    return map
  }
}

function parseColumns(names: readonly string[]): readonly string[] {
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new InvalidInputError(`names '${twice}' twice; expected each column once`)
  if (!names.length) throw new InvalidInputError('an empty list; expected at least one column')
  return names
}

function parseFeatures<T>(features: readonly T[]): readonly T[] {
  if (!features.length) throw new InvalidInputError('an empty list; expected at least one view')
  return features
}
