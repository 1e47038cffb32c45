import { InvalidInputError } from './errors.ts'
import { Calendar, type FolderGrain, type Partition } from './partition.ts'
import type { Zone } from './zone.ts'

const TIME_TOKENS = ['yyyy', 'MM', 'dd', 'HH'] as const
type TimeToken = (typeof TIME_TOKENS)[number]
const GRAINS: Record<TimeToken, FolderGrain> = { yyyy: 'year', MM: 'month', dd: 'day', HH: 'hour' }
const PATTERN: Record<TimeToken, string> = { yyyy: '\\d{4}', MM: '\\d{2}', dd: '\\d{2}', HH: '\\d{2}' }

/**
 * Where a source's objects lie: `flights/{carrier}/dt={yyyy}-{MM}-{dd}/`. The time tokens name the folder; each other `{name}` is one
 * segment and becomes a column.
 */
export interface KeyTemplate {
  readonly text: string
  /** Length of the folders that the finest time token names. */
  readonly grain: FolderGrain
  /** Names of the segments that become columns, in order. */
  readonly captures: readonly string[]
  /** Folders sort in time order as keys do: then a range of time is a range of keys. */
  readonly sorted: boolean
  /** The fixed beginning of every key. */
  readonly prefix: string
}

/** One raw key read by its template. */
export interface FolderOfKey {
  readonly folder: Partition
  readonly captures: Readonly<Record<string, string>>
}

/** @throws InvalidInputError saying which token is wrong and which are allowed. */
export function parseKeyTemplate(text: string): KeyTemplate {
  if (text.startsWith('/') || !text.endsWith('/') || text.includes('//')) {
    throw new InvalidInputError(`key template '${text}' is not a folder; expected one that does not begin with / and ends with /`)
  }
  const tokens = tokensOf(text)
  const times = tokens.filter(isTimeToken)
  const finest = TIME_TOKENS.findLastIndex((token) => times.includes(token))
  const wanted = TIME_TOKENS.slice(0, finest + 1)
  if (finest < 0 || wanted.some((token) => !times.includes(token))) {
    throw new InvalidInputError(
      `key template '${text}' names no whole time; expected {yyyy}, then {MM}, {dd} and {HH} as far as the folders go`,
      { found: times.map((token) => `{${token}}`).join('') || 'none' },
    )
  }
  const captures = tokens.filter((token) => !isTimeToken(token))
  for (const capture of captures) validateCapture(text, capture, captures)
  return {
    text,
    grain: GRAINS[wanted.at(-1) ?? 'yyyy'],
    captures,
    sorted: wanted.every((token, at) => [...new Set(tokens)][at] === token),
    prefix: text.slice(0, text.indexOf('{')),
  }
}

/** Reads a raw key; undefined where it does not fit the template. */
export function folderOfKey(template: KeyTemplate, zone: Zone, key: string): FolderOfKey | undefined {
  const groups = matcherOf(template.text).exec(key)?.groups
  if (!groups) return undefined
  const folder = folderNamed(new Calendar(template.grain, zone), timeOf(groups).join('-'))
  if (!folder) return undefined
  return { folder, captures: Object.fromEntries(template.captures.map((capture) => [capture, groups[capture] ?? ''])) }
}

/** Whether keys below `folder`, which ends in `/`, can fit: what it names of a time has to be one. */
export function mayHold(template: KeyTemplate, zone: Zone, folder: string): boolean {
  const ends = folder.split('/').length - 1
  const found = matcherOf(`${template.text.split('/').slice(0, -1).slice(0, ends).join('/')}/`).exec(folder)
  if (!found) return false
  const time = timeOf(found.groups ?? {})
  const finest = TIME_TOKENS[time.length - 1]
  // Where another part of the time comes first, it says nothing alone.
  return finest === undefined || !template.sorted || folderNamed(new Calendar(GRAINS[finest], zone), time.join('-')) !== undefined
}

/** The parts of a time that a key names, from the year on. */
function timeOf(groups: Readonly<Record<string, string>>): string[] {
  return TIME_TOKENS.flatMap((token) => groups[token] ?? [])
}

/**
 * The keys that can hold the folders from `first` to `last`, both included: `prefix`, and for a sorted template the range `[from, before)`.
 */
export function keyRange(template: KeyTemplate, first: string, last: string): { prefix: string; from?: string; before?: string } {
  if (!template.sorted) return { prefix: template.prefix }
  return { prefix: template.prefix, from: renderUpToTime(template, first), before: afterPrefix(renderUpToTime(template, last)) }
}

/** Where in byte order the folder of that name begins; undefined where keys do not sort in time order. */
export function folderStart(template: KeyTemplate, name: string): string | undefined {
  return template.sorted ? renderUpToTime(template, name) : undefined
}

/** The smallest key, in byte order, above every key that begins so: file names may begin with any character. */
function afterPrefix(prefix: string): string {
  const last = prefix.codePointAt(prefix.length - 1) ?? 0
  return prefix.slice(0, -1) + String.fromCodePoint(last + 1)
}

/** The key prefix of a folder where the template has no captures before or after the time, as a person would type it. */
export function renderFolder(template: KeyTemplate, name: string): string {
  const parts = partsOf(name)
  return template.text.replace(/\{(\w+)\}/g, (whole, token: string) => (isTimeToken(token) ? (parts[token] ?? whole) : whole))
}

function renderUpToTime(template: KeyTemplate, name: string): string {
  const rendered = renderFolder(template, name)
  const capture = rendered.indexOf('{')
  return capture < 0 ? rendered : rendered.slice(0, capture)
}

function partsOf(name: string): Partial<Record<string, string>> {
  const [yyyy, MM, dd, HH] = name.split('-')
  return { ...(yyyy && { yyyy }), ...(MM && { MM }), ...(dd && { dd }), ...(HH && { HH }) }
}

const matchers = new Map<string, RegExp>()

function matcherOf(text: string): RegExp {
  const known = matchers.get(text)
  if (known) return known
  const seen = new Set<string>()
  const source = text.split(/(\{\w+\})/).map((part) => {
    const token = /^\{(\w+)\}$/.exec(part)?.[1]
    if (token === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    if (seen.has(token)) return `\\k<${token}>`
    seen.add(token)
    return `(?<${token}>${isTimeToken(token) ? PATTERN[token] : '[^/]+'})`
  })
  const matcher = new RegExp(`^${source.join('')}`)
  matchers.set(text, matcher)
  return matcher
}

function folderNamed(calendar: Calendar, name: string): Partition | undefined {
  try {
    return calendar.named(name)
  } catch {
    return undefined
  }
}

function tokensOf(text: string): string[] {
  const tokens = [...text.matchAll(/\{([^}]*)\}/g)].map((match) => match[1] ?? '')
  if (text.replace(/\{\w+\}/g, '').match(/[{}]/)) {
    throw new InvalidInputError(`key template '${text}' has a brace that opens or closes nothing; expected {name}`)
  }
  return tokens
}

function isTimeToken(token: string): token is TimeToken {
  return (TIME_TOKENS as readonly string[]).includes(token)
}

function validateCapture(text: string, capture: string, captures: readonly string[]): void {
  if (!/^[a-z_][a-z0-9_]*$/.test(capture)) {
    throw new InvalidInputError(`key template '${text}' names a column '${capture}'; expected lower-case letters, digits and _`)
  }
  if (captures.filter((other) => other === capture).length > 1) {
    throw new InvalidInputError(`key template '${text}' names the column '${capture}' twice`)
  }
}
