import * as z from 'zod'
import { InvalidInputError, renderError } from './errors.ts'
import { renderSuggestion } from './nearest.ts'
import type { Problem } from './problem.ts'

/** A problem before it has a place in a file: the path says where. */
export type PathProblem = Omit<Problem, 'file' | 'line'> & { readonly path: readonly PropertyKey[] }

type Issue = z.core.$ZodIssue

/** A schema whose value goes through a parser of ours: the InvalidInputError that it throws becomes an issue like any other. */
export function parsedBy<I, O>(schema: z.ZodType<I>, parse: (value: I) => O) {
  return schema.transform((value, context): O => {
    try {
      return parse(value)
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      context.addIssue({ code: 'custom', message: renderError(error) })
      return z.NEVER
    }
  })
}

/** What an issue means to the person who wrote the file: what was found, what is allowed, one problem per unknown key. */
export function problemsOfIssue(issue: Issue, schema: z.ZodType, data: unknown, base: readonly PropertyKey[] = []): PathProblem[] {
  const path = [...base, ...issue.path]
  const found = describe(valueAt(data, path))
  const name = path.length ? `'${path.join('.')}'` : 'the document'
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, keysAt(schema, path)))
    case 'invalid_type':
      if (path.length && valueAt(data, path) === undefined) return [{ path, message: `missing key ${name}` }]
      return [{ path, message: `${name} has the wrong type`, found, allowed: [typeName(issue.expected)] }]
    case 'invalid_value':
      if (path.length && valueAt(data, path) === undefined)
        return [{ path, message: `missing key ${name}`, allowed: issue.values.map(String) }]
      return [{ path, message: `${name} has a value that is not allowed`, found, allowed: issue.values.map(String) }]
    case 'invalid_union':
      return problemsOfUnion(issue, { schema, data, path, name, found })
    case 'invalid_key':
      return [{ path, message: `${name}: ${issue.issues.map((inner) => inner.message).join('; ')}` }]
    case 'too_small':
    case 'too_big':
      return [{ path, message: `${name} is out of range: ${lowerFirst(issue.message)}`, found }]
    default:
      return [{ path, message: path.length ? `${name}: ${issue.message}` : issue.message }]
  }
}

interface UnionPlace {
  readonly schema: z.ZodType
  readonly data: unknown
  readonly path: readonly PropertyKey[]
  readonly name: string
  readonly found: string
}

/** The choice whose type fits what was found tells what is wrong inside; where none fits, all choices are named. */
function problemsOfUnion(issue: z.core.$ZodIssueInvalidUnion, { schema, data, path, name, found }: UnionPlace): PathProblem[] {
  if (path.length && valueAt(data, path) === undefined) return [{ path, message: `missing key ${name}` }]
  const fits = issue.errors.find((issues) => !issues.some((inner) => !inner.path.length && isWrongKind(inner)))
  if (fits) return fits.flatMap((inner) => problemsOfIssue(inner, schema, data, path))
  const allowed = issue.errors.flat().flatMap((inner) => {
    if (inner.path.length) return []
    if (inner.code === 'invalid_type') return [typeName(inner.expected)]
    return inner.code === 'invalid_value' ? inner.values.map(String) : []
  })
  return [{ path, message: `${name} is not what is expected here`, found, allowed: [...new Set(allowed)] }]
}

function isWrongKind(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union'
}

function unknownKey(key: string, parent: readonly PropertyKey[], allowed: readonly string[]): PathProblem {
  const where = parent.length ? ` in '${parent.join('.')}'` : ''
  return { path: [...parent, key], message: `unknown key '${key}'${where}${renderSuggestion(key, allowed)}`, found: key, allowed }
}

/** The keys that the schema's maps have at that path. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const [key, ...rest] = path
  if (schema instanceof z.ZodUnion) return [...new Set(schema.options.flatMap((option) => keysAt(option, path)))]
  if (schema instanceof z.ZodPipe) return keysAt(schema.in, path)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return keysAt(schema.unwrap(), path)
  if (schema instanceof z.ZodRecord && key !== undefined) return keysAt(schema.valueType, rest)
  if (schema instanceof z.ZodArray && key !== undefined) return keysAt(schema.element, rest)
  if (!(schema instanceof z.ZodObject)) return []
  if (key === undefined) return Object.keys(schema.shape)
  const inner = schema.shape[String(key)]
  return inner ? keysAt(inner, rest) : []
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let at = data
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = Reflect.get(at, key)
  }
  return at
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length ? 'a list' : 'an empty list'
  if (typeof value === 'object') return Object.keys(value).length ? 'a map' : 'an empty map'
  return typeof value === 'string' ? `'${value}'` : String(value)
}

const TYPE_NAMES: Record<string, string> = {
  string: 'text',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
}

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? expected
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}
