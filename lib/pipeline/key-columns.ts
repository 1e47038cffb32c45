import { InvalidInputError } from '../model/errors.ts'
import { renderSuggestion } from '../model/nearest.ts'

/** The columns of old files that hold a view's keys. */
export interface KeyColumns {
  /** In the order of the view's entity. */
  readonly entity: readonly string[]
  readonly time: string
}

/** What the partition's time is called here, in a pair. */
const TIME = 'feature_time'

/**
 * Reads `--on`: their names in the order of the view's entity columns, then the partition's time. A pair `ours=theirs` names its own
 * place, and the others fill those that are left. @throws InvalidInputError for too few, too many, or a name that is no key.
 */
export function keyColumns(text: string, entity: readonly string[]): KeyColumns {
  const places = [...entity, TIME]
  const items = text.split(',').map((item) => item.trim())
  const example = [...entity, 'feature_date'].join(',')
  const found = new Map<string, string>()
  for (const item of items.filter((one) => one.includes('='))) {
    const [ours = '', theirs = ''] = item.split('=').map((part) => part.trim())
    if (!places.includes(ours))
      throw new InvalidInputError(
        `--on '${item}': the view has no key '${ours}'${renderSuggestion(ours, places)}; expected one of ${places.join(', ')}`,
      )
    if (theirs === '' || found.has(ours))
      throw new InvalidInputError(`--on '${text}' names ${ours} twice or not at all; expected such as ${example}`)
    found.set(ours, theirs)
  }
  const others = items.filter((one) => !one.includes('='))
  const open = places.filter((place) => !found.has(place))
  if (others.length !== open.length || others.includes(''))
    throw new InvalidInputError(
      `--on '${text}' names ${items.filter((item) => item !== '').length} columns; expected ${places.length}: those of ${entity.join(', ')}, then that of the partition's time, such as ${example}`,
    )
  for (const [at, place] of open.entries()) found.set(place, others[at] ?? '')
  return { entity: entity.map((name) => found.get(name) ?? ''), time: found.get(TIME) ?? '' }
}
