import { type FolderOfKey, folderOfKey, type KeyTemplate, parseKeyTemplate } from '../key-template.ts'
import { zoneNamed } from '../zone.ts'
import { groupBy } from './group-by.ts'
import { nameCaptures, type Segment, segmentsOf } from './key-segments.ts'
import { folderName, type KeyShape, shapeOfKey, signatureOf, timeOfKey } from './key-shape.ts'

/** A template that reads some of the keys, with the segments that become columns. */
export interface TemplateGuess {
  readonly template: KeyTemplate
  readonly captures: readonly CaptureGuess[]
  /** The keys that it reads, in their order. */
  readonly keys: readonly string[]
}

export interface CaptureGuess {
  readonly name: string
  /** The values seen, sorted. */
  readonly values: readonly string[]
  /** It stands before the time, and nothing in the keys says what it is: it may be the name of another data set. */
  readonly isLeading: boolean
}

/** The template that reads most keys, the keys that it does not read, and the templates that read some of those. */
export interface FoldersGuess extends TemplateGuess {
  readonly kind: 'folders'
  readonly unmatched: readonly string[]
  readonly others: readonly TemplateGuess[]
}

/**
 * What the keys of raw objects say of their time. `folders`: a template reads them as they are. `files`: a time is there, but not in
 * folders that a template could name, so each object needs a place of its own. `none`: most keys name no time.
 */
export type KeyGuess =
  | FoldersGuess
  | {
      readonly kind: 'files'
      readonly reason: string
      readonly folders: ReadonlyMap<string, string>
      readonly unmatched: readonly string[]
    }
  | { readonly kind: 'none' }

/** Keys that fit no template may be strays, unless they are as many as this share of those that do. */
const MATCHED_MIN = 0.5
const UTC = zoneNamed('UTC')

/** Guesses where the time stands in keys, which are those of data only. Pure, and the same for any order of the keys. */
export function inferKey(keys: readonly string[]): KeyGuess {
  const [best, ...others] = bestTemplates(keys)
  if (best && best.keys.length >= keys.length * MATCHED_MIN) {
    const read = new Set(best.keys)
    return { kind: 'folders', ...best, others, unmatched: keys.filter((key) => !read.has(key)) }
  }
  return byFile(keys)
}

/** The folder of a key as a template reads it. */
export function readKey(template: KeyTemplate, key: string): FolderOfKey | undefined {
  return folderOfKey(template, UTC, key)
}

/** The templates that read most keys first; a number under a day counts as its hour where that loses no key. */
function bestTemplates(keys: readonly string[]): TemplateGuess[] {
  const [hours, plain] = [templatesOf(keys, true), templatesOf(keys, false)]
  const most = (guesses: readonly TemplateGuess[]) => guesses[0]?.keys.length ?? 0
  return most(plain) > most(hours) ? plain : hours
}

function templatesOf(keys: readonly string[], bareHours: boolean): TemplateGuess[] {
  const timed = keys.map((key) => shapeOfKey(key, { bareHours })).filter(({ time }) => folderName(time) !== undefined)
  const found = [...groupBy(timed, signatureOf).values()].flatMap((shapes) => templateOf(shapes) ?? [])
  return found.sort((a, b) => b.keys.length - a.keys.length || (a.template.text < b.template.text ? -1 : 1))
}

/** The template of keys that are alike; undefined where none can read them all, as folders without leading zeros. */
function templateOf(shapes: readonly KeyShape[]): TemplateGuess | undefined {
  if (!shapes.every(({ padded }) => padded)) return undefined
  const segments = nameCaptures(segmentsOf(shapes))
  const template = parsed(`${segments.map(({ text }) => text).join('/')}/`)
  if (!template) return undefined
  const keys = shapes.map(({ key }) => key).filter((key) => readKey(template, key) !== undefined)
  return keys.length === 0 ? undefined : { template, captures: capturesOf(segments), keys }
}

function capturesOf(segments: readonly Segment[]): CaptureGuess[] {
  return segments.flatMap(({ capture, values, isLeading }) => (capture === undefined ? [] : [{ name: capture, values, isLeading }]))
}

/** Names with braces, and the like, that no template can hold. */
function parsed(text: string): KeyTemplate | undefined {
  try {
    return parseKeyTemplate(text)
  } catch {
    return undefined
  }
}

function byFile(keys: readonly string[]): KeyGuess {
  const shapes = keys.map((key) => shapeOfKey(key, { bareHours: false }))
  const named = shapes.flatMap((shape) => {
    const name = timeOfKey(shape)
    return name === undefined ? [] : [[shape.key, name] as const]
  })
  if (named.length === 0 || named.length < keys.length * MATCHED_MIN) return { kind: 'none' }
  // One length for all: a template has one.
  const length = Math.min(...named.map(([, name]) => name.length))
  const folders = new Map(named.map(([key, name]) => [key, name.slice(0, length)]))
  const unpadded = shapes.find(({ padded }) => !padded)
  const reason = unpadded
    ? `folders of their time have no leading zeros (${unpadded.key})`
    : `folders do not name their time, only files do (${named[0]?.[0]})`
  return { kind: 'files', reason, folders, unmatched: keys.filter((key) => !folders.has(key)) }
}
