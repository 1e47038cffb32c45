import * as z from 'zod'
import { age, formatNumber, milliseconds, parseLength, reserved, text, zone } from './definition-schema.ts'
import { InvalidInputError } from './errors.ts'
import { parseName } from './names.ts'
import { parseWindow, type Window } from './window.ts'
import { parsedBy } from './zod-problems.ts'

const REPAIR_MS = 30 * 86_400_000

const entityColumn = parsedBy(text, (name) => parseName('entity', name))
const inputName = parsedBy(z.string(), (name) => parseName('input', name))
const window = parsedBy(text, parseInputWindow)
const input = z.union([window, z.strictObject({ from: parsedBy(text, (name) => parseName('input', name)), window })])
const plain = z.union([z.string(), parsedBy(z.number(), parseExactNumber), z.boolean(), z.null()])

/** The header of a feature view, with its defaults. */
export const viewHeader = z.strictObject({
  description: text,
  entity: z.union([entityColumn.transform((name) => [name]), parsedBy(z.array(entityColumn), parseEntity)]),
  grain: z.enum(['hour', 'day', 'month']),
  zone: zone.default('UTC'),
  inputs: parsedBy(z.record(inputName, input), parseInputs),
  available_after: milliseconds.default(0),
  absent: z.record(z.string(), plain).default({}),
  expect: z.array(text).default([]),
  warn: z.array(text).default([]),
  columns: z.record(z.string(), text).default({}),
  owner: text.optional(),
  carry: age.optional(),
  repair: milliseconds.default(REPAIR_MS),
  warm_up: z.enum(['skip', 'compute']).default('skip'),
  non_finite: z.literal('allow').optional(),
  format: formatNumber,
  shards: reserved,
})

export type ViewHeader = z.output<typeof viewHeader>

function parseInputWindow(value: string): Window {
  if (value === 'all' || value === 'latest') return parseWindow(value)
  try {
    return { kind: 'duration', length: parseLength(value) }
  } catch (cause) {
    throw new InvalidInputError(`'${value}' is not a window; expected a length such as 7 days, all or latest`, {}, { cause })
  }
}

function parseEntity(names: readonly string[]): readonly string[] {
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new InvalidInputError(`names '${twice}' twice; expected each column once`)
  if (!names.length) throw new InvalidInputError('an empty list; expected at least one column')
  return names
}

function parseInputs<T>(inputs: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  if (!Object.keys(inputs).length) throw new InvalidInputError('an empty map; expected at least one input')
  return inputs
}

function parseExactNumber(value: number): number {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new InvalidInputError('too many digits to be exact; expected text in quotes')
  return value
}
