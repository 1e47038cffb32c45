import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLError, type YAMLWarning } from 'yaml'
import type { z } from 'zod'
import type { Problem } from './problem.ts'
import { problemsOfIssue } from './zod-problems.ts'

/** A key path into a document: `['inputs', 'flights', 'window']`. */
export type YamlPath = readonly PropertyKey[]

/** A YAML document as data: `value` is there where nothing was wrong. */
export interface YamlDocument<T> {
  readonly value?: T
  readonly problems: readonly Problem[]
  /** The line of the file on which the path's key stands, or that of the closest parent that exists. */
  lineOf(path: YamlPath): number
}

/** Where the text lies: `linesBefore` counts the file's lines above it. */
export interface YamlPlace {
  readonly file: string
  readonly linesBefore?: number
}

/** Parses YAML 1.2 (core schema, each key once) and validates it. Every error becomes a problem of its own line; nothing is thrown. */
export function parseYaml<T>(text: string, schema: z.ZodType<T>, { file, linesBefore = 0 }: YamlPlace): YamlDocument<T> {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, version: '1.2', uniqueKeys: true, stringKeys: true, prettyErrors: false })
  const lineAt = (offset: number) => lineCounter.linePos(offset).line + linesBefore
  const lineOf = (path: YamlPath) => lineAt(offsetOf(document, path))
  const problem = (line: number, message: string): Problem => ({ file, line, message })
  const broken = [...document.errors, ...document.warnings]
  const render = (error: YAMLError | YAMLWarning) => `not YAML: ${error.message}${hintFor(text, error.pos[0])}`
  if (broken.length) return { lineOf, problems: broken.map((error) => problem(lineAt(error.pos[0]), render(error))) }
  const data = toData(document)
  if (data instanceof Error) return { lineOf, problems: [problem(lineAt(0), `not YAML: ${data.message}`)] }
  const result = schema.safeParse(data)
  if (result.success) return { lineOf, value: result.data, problems: [] }
  const problems = result.error.issues.flatMap((issue) => problemsOfIssue(issue, schema, data))
  return { lineOf, problems: problems.map(({ path, ...rest }) => ({ file, line: lineOf(path), ...rest })) }
}

/** A key template may begin with a brace, which is a map to YAML. */
function hintFor(text: string, offset: number): string {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  return /:\s*\{[^{}]*\}$/.test(before) ? '; text that begins with { needs quotes' : ''
}

/** The library counts aliases, so that a few lines cannot grow into gigabytes; it throws when there are too many. */
function toData(document: Document.Parsed): unknown {
  try {
    return document.toJS()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function offsetOf(document: Document.Parsed, path: YamlPath): number {
  let node: unknown = document.contents
  let offset = document.contents?.range[0] ?? 0
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      if (!isScalar(pair?.key)) break
      offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      offset = rangeStart(node) ?? offset
    } else break
  }
  return offset
}

function rangeStart(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined
}
