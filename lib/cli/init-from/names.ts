import { identifier } from '../../engine/quote.ts'
import { InvalidInputError } from '../../model/errors.ts'
import { type Field, snakeName, titleOf } from '../../model/infer/column-facts.ts'
import type { EntityGuess, ViewGuess } from '../../model/infer/data-guess.ts'
import { parseName, parseTableName } from '../../model/names.ts'

/** Folders that say nothing of what they hold. */
const GENERIC =
  /^(lake|data|raw|bucket|files?|inputs?|exports?|dumps?|downloads?|tmp|temp|src|source|datasets?|archive|landing|bronze|s3|out|output|v\d+)$/

/** A name for the source: that of its folder, else of the last folder before the time, else `events`. */
export function sourceName(title: string, template: string): string {
  const fixed = template.slice(0, template.indexOf('{')).split('/').slice(0, -1)
  for (const text of [title, ...fixed.toReversed()]) {
    const name = snakeName(text.replace(/[-_. ]?\d{4}.*$/, '')).replace(/_+/g, '_')
    if (!GENERIC.test(name) && !text.includes('=') && isRight(() => parseTableName('source', name))) return name
  }
  return 'events'
}

/** A name for the first view, other than that of its source. */
export function viewName(entity: EntityGuess, { word }: ViewGuess, source: string): string {
  const words = entity.columns.map((column) => snakeName(titleOf(column)).replace(/_(id|key|code|no|uuid)$/, ''))
  const names = [`${words.join('_') || source}_${word}`, `${source}_${word}`, 'first_view', 'first_view_1']
  return names.find((name) => name !== source && isRight(() => parseTableName('view', name))) ?? 'first_view'
}

/** A name for an output column that needs no quotes anywhere. */
export function outputName(text: string, suffix: string): string {
  const name = snakeName(text).replace(/^(?=\d)/, 'n')
  return isRight(() => parseTableName('column', name)) ? name : outputFallback(`${name}_${suffix}`)
}

function outputFallback(name: string): string {
  return isRight(() => parseName('column', name)) ? name : 'value'
}

function isRight(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch (error) {
    if (error instanceof InvalidInputError) return false
    throw error
  }
}

/** A field as SQL over the source writes it, in quotes where it has to be. */
export function sqlOf({ name, inside }: Field, reserved: ReadonlySet<string>): string {
  return [name, ...inside].map((part) => sqlName(part, reserved)).join('.')
}

function sqlName(name: string, reserved: ReadonlySet<string>): string {
  return /^[A-Za-z_]\w*$/.test(name) && !reserved.has(name.toLowerCase()) ? name : identifier(name)
}
