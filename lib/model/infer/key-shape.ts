import { readFileTime, readFolderTime, splitNamed, TIME_TOKENS, type TimeParts } from './segment-time.ts'

/** One folder of a key: with a time in its name, named as `name=value`, or plain. */
export type ShapePart =
  | { readonly kind: 'time'; readonly text: string }
  | { readonly kind: 'named'; readonly name: string; readonly value: string }
  | { readonly kind: 'plain'; readonly value: string }

/** One key taken apart. */
export interface KeyShape {
  readonly key: string
  /** The folders, without the file's name. */
  readonly parts: readonly ShapePart[]
  readonly time: TimeParts
  /** The number of folders up to the last one that says a part of the time; 0 where none does. */
  readonly timeDepth: number
  readonly padded: boolean
}

export function shapeOfKey(key: string, options: { readonly bareHours: boolean }): KeyShape {
  const folders = key.split('/').slice(0, -1)
  let time: TimeParts = {}
  let timeDepth = 0
  let padded = true
  const parts = folders.map((folder, at): ShapePart => {
    const read = readFolderTime(folder, time, options)
    if (!read) return plainPart(folder)
    time = { ...time, ...read.parts }
    timeDepth = at + 1
    padded &&= read.padded
    return { kind: 'time', text: read.text }
  })
  return { key, parts, time, timeDepth, padded }
}

/** Equal for keys that one template can read: the texts of the time's folders, and the names of the others before them. */
export function signatureOf({ parts, timeDepth }: KeyShape): string {
  const texts = parts.slice(0, timeDepth).map((part) => (part.kind === 'time' ? part.text : part.kind === 'named' ? `${part.name}=` : ''))
  return JSON.stringify(texts)
}

/** The name of a partition that a time says, as far as it goes without a hole: `2024-01-05`. Undefined without a year. */
export function folderName(time: TimeParts): string | undefined {
  const end = TIME_TOKENS.findIndex((token) => time[token] === undefined)
  const known = TIME_TOKENS.slice(0, end < 0 ? TIME_TOKENS.length : end)
  return known.length === 0 ? undefined : known.map((token) => time[token]).join('-')
}

/** The time that folders and file name say together; undefined where they say none, or no whole month. */
export function timeOfKey(shape: KeyShape): string | undefined {
  const name = shape.key.slice(shape.key.lastIndexOf('/') + 1)
  const ofFile = readFileTime(name)
  const agrees = ofFile && TIME_TOKENS.every((token) => shape.time[token] === undefined || shape.time[token] === ofFile[token])
  const time = { ...(agrees && ofFile), ...shape.time }
  return time.MM === undefined ? undefined : folderName(time)
}

function plainPart(folder: string): ShapePart {
  const { name, value } = splitNamed(folder)
  return name === '' ? { kind: 'plain', value } : { kind: 'named', name, value }
}
