import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ForeignFiles, ForeignFormat } from '../engine/foreign-table.ts'
import { InvalidInputError } from '../model/errors.ts'

const SUFFIXES: Readonly<Record<ForeignFormat, RegExp>> = {
  parquet: /\.(parquet|pq)$/i,
  csv: /\.csv(\.gz|\.zst)?$/i,
  json: /\.(jsonl|ndjson|json)(\.gz|\.zst)?$/i,
}
const EXPECTED = 'expected .parquet, .csv, .json or .jsonl (the texts also with .gz or .zst)'

/**
 * The files that a pattern names, sorted: a file, a folder with all below it, or a glob of `*`, `?`, `[..]` and `**`. Names that begin with
 * a dot or `_` are passed over unless the pattern spells them. @throws InvalidInputError where there is none, or not one format.
 */
export function findOldFiles(pattern: string): ForeignFiles {
  const found = matches(pattern)
  const isFolder = found.length === 1 && found[0] === resolve(pattern) && statSync(resolve(pattern)).isDirectory()
  const files = (isFolder ? filesBelow(resolve(pattern)).filter((file) => formatOf(file) !== undefined) : found.filter(isFile)).sort()
  if (files.length === 0) throw new InvalidInputError(`'${pattern}' matches no files${isFolder ? ` of a known kind; ${EXPECTED}` : ''}`)
  const unknown = files.find((file) => formatOf(file) === undefined)
  if (unknown !== undefined) throw new InvalidInputError(`${unknown} is of no known kind; ${EXPECTED}`)
  const formats = [...new Set(files.map(formatOf))]
  const [format] = formats
  if (format === undefined || formats.length > 1) {
    const example = (kind: ForeignFormat | undefined) => files.find((file) => formatOf(file) === kind)
    throw new InvalidInputError(`'${pattern}' matches files of several kinds (${formats.map(example).join(', ')}); expected one kind`)
  }
  return { format, files }
}

function formatOf(file: string): ForeignFormat | undefined {
  return (Object.keys(SUFFIXES) as ForeignFormat[]).find((format) => SUFFIXES[format].test(file))
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function filesBelow(folder: string): string[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name)
    if (isHidden(name)) return []
    return isFile(path) ? [path] : filesBelow(path)
  })
}

function matches(pattern: string): string[] {
  const whole = resolve(pattern)
  const root = whole.startsWith('/') ? '/' : whole.slice(0, 3)
  return walk(root, whole.slice(root.length).split(/[\\/]/))
}

/** Paths below a folder that fit the segments of a pattern. */
function walk(folder: string, [segment, ...rest]: readonly string[]): string[] {
  if (segment === undefined) return [folder]
  if (segment === '**') {
    const below = namesIn(folder).filter((name) => !isHidden(name) && !isFile(join(folder, name)))
    return [...new Set([...walk(folder, rest), ...below.flatMap((name) => walk(join(folder, name), ['**', ...rest]))])]
  }
  if (!/[*?[]/.test(segment)) return exists(join(folder, segment)) ? walk(join(folder, segment), rest) : []
  const fits = segmentPattern(segment)
  return namesIn(folder)
    .filter((name) => name === segment || (fits.test(name) && (!isHidden(name) || segment.startsWith(name.slice(0, 1)))))
    .flatMap((name) => walk(join(folder, name), rest))
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('_')
}

/** Names in a folder; of what is no folder, none. */
function namesIn(folder: string): string[] {
  if (!(statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false)) return []
  return readdirSync(folder).sort()
}

function segmentPattern(segment: string): RegExp {
  const parts = segment.match(/\*|\?|\[[^\]]+\]|[^*?[]+|\[/g) ?? []
  const source = parts.map((part) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    return part.length > 1 && part.startsWith('[')
      ? part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\')
      : part.replace(/[.+^${}()|\\[\]]/g, '\\$&')
  })
  return new RegExp(`^${source.join('')}$`, 's')
}
