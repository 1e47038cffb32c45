import { parseKeyTemplate } from '../key-template.ts'
import { folderName, type KeyShape, type ShapePart } from './key-shape.ts'
import { repeatsTime } from './segment-time.ts'

/** One segment of a template to be. */
export interface Segment {
  readonly text: string
  /** The name of its column, where its values differ. */
  readonly capture?: string
  /** As `name=value` calls it. */
  readonly hiveName?: string
  readonly values: readonly string[]
  readonly isLeading: boolean
}

/** More values than this in a folder without a name are batches or parts, not a column. */
const VALUES_MAX = 50

/**
 * The segments of keys that are alike: up to the last folder of the time all of them, behind it those that look like columns. A value that
 * never changes is plain text.
 */
export function segmentsOf(shapes: readonly KeyShape[]): Segment[] {
  const depth = shapes[0]?.timeDepth ?? 0
  const segments: Segment[] = []
  for (let at = 0; ; at++) {
    const parts = shapes.map((shape) => shape.parts[at])
    const isBefore = at < depth
    if (!isBefore && !isColumn(parts, shapes)) return segments
    segments.push(segmentOf(parts, isBefore))
  }
}

function segmentOf(parts: readonly (ShapePart | undefined)[], isBefore: boolean): Segment {
  const [first] = parts
  if (first?.kind === 'time') return { text: first.text, values: [], isLeading: false }
  const values = valuesOf(parts)
  const hiveName = first?.kind === 'named' ? first.name : undefined
  const prefix = hiveName === undefined ? '' : `${hiveName}=`
  // A brace cannot be text of a template.
  if (values.length === 1 && !/[{}]/.test(values[0] ?? '')) return { text: prefix + values[0], values: [], isLeading: false }
  return { text: prefix, values, isLeading: isBefore && hiveName === undefined, ...(hiveName !== undefined && { hiveName }), capture: '' }
}

/** Whether the folders behind the time are values of a column: all of one name, or few values that come back in other folders. */
function isColumn(parts: readonly (ShapePart | undefined)[], shapes: readonly KeyShape[]): boolean {
  const [first] = parts
  const values = valuesOf(parts)
  if (values.length < 2 || parts.some((part) => part?.kind !== first?.kind)) return false
  if (shapes.every(({ time }, at) => repeatsTime(folderValue(parts[at]), time))) return false
  if (first?.kind === 'named') return parts.every((part) => part?.kind === 'named' && part.name === first.name)
  if (first?.kind !== 'plain' || values.length > VALUES_MAX) return false
  const pairs = new Set(shapes.map((shape, at) => JSON.stringify([folderName(shape.time), folderValue(parts[at])])))
  return pairs.size >= values.length * 2
}

function valuesOf(parts: readonly (ShapePart | undefined)[]): string[] {
  return [...new Set(parts.map(folderValue))].sort()
}

function folderValue(part: ShapePart | undefined): string {
  return part === undefined || part.kind === 'time' ? '' : part.value
}

/** Gives each column a name that no other has: that of `name=value`, else `segment1`, `segment2`. */
export function nameCaptures(segments: readonly Segment[]): Segment[] {
  const taken = new Set<string>()
  let counter = 0
  return segments.map((segment) => {
    if (segment.capture === undefined) return segment
    if (segment.hiveName === undefined) counter++
    const capture = freeName(segment.hiveName === undefined ? `segment${counter}` : columnName(segment.hiveName), taken)
    taken.add(capture)
    return { ...segment, capture, text: `${segment.text}{${capture}}` }
  })
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name
  for (let more = 2; taken.has(free); more++) free = `${name}_${more}`
  return free
}

/** A name that a template takes for a column, which those of the time's parts are not. */
function columnName(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .replace(/^(?=\d)/, '_')
  try {
    return parseKeyTemplate(`{yyyy}/{${plain}}/`).captures.length === 1 ? plain : `${plain}_1`
  } catch {
    return `${plain}_1`
  }
}
