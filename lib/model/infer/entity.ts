import { type ColumnFacts, snakeName, titleOf } from './column-facts.ts'

/** A column that may be what features describe. */
export interface EntityCandidate {
  readonly facts: ColumnFacts
  readonly score: number
  /** Why, for people. */
  readonly reason: string
  /** It is called the key of something: `user_id`, `store`. */
  readonly isKey: boolean
}

const WORDS =
  /(^|_)(user|customer|client|account|member|player|device|driver|rider|passenger|patient|person|employee|subscriber|visitor|session|store|shop|merchant|seller|vendor|supplier|company|tenant|org|organization|product|item|sku|station|sensor|machine|vehicle|airport|origin|host|ip|site|page|url|endpoint|service|symbol|ticker|card|campaign|city|region|location|zone)(_|$)/
const KEY = /(^|_)(id|key|code|no|nr|number|uuid|guid|pk|ref)$|^id(_|$)/
/** Words of how something is, not of what it is. */
const PROPERTY =
  /(^|_)(status|state|type|kind|method|currency|channel|version|flag|level|category|description|comment|message|text|name|reason)(_|$)/
const INTEGER = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/
/** Rows per value, on average: a column that is nearly unique is the key of its own rows. */
const REPEATS_MIN = 1.2

/** Columns that may be the entity, the likeliest first. `types` are those that the columns are declared with. */
export function rankEntities(columns: readonly ColumnFacts[], types: ReadonlyMap<ColumnFacts, string>): EntityCandidate[] {
  const found = columns.flatMap((facts) => candidateOf(facts, types.get(facts) ?? '') ?? [])
  return found.sort((a, b) => b.score - a.score)
}

function candidateOf(facts: ColumnFacts, type: string): EntityCandidate | undefined {
  const { rows, values, distinct, length } = facts
  const isText = type === 'VARCHAR'
  if ((!isText && !INTEGER.test(type)) || distinct < 2 || length > 60) return undefined
  const name = snakeName(titleOf(facts))
  const [isWord, isKeyName] = [WORDS.test(name), KEY.test(name)]
  const perValue = values / distinct
  if (perValue < REPEATS_MIN) return undefined
  // Numbers that are not called a key are measured, not looked up.
  if (!isText && !isWord && !isKeyName) return undefined
  const nulls = rows === 0 ? 0 : 1 - values / rows
  const score = (isWord ? 3 : 0) + (isKeyName ? 2 : 0) - (PROPERTY.test(name) ? 2 : 0) + (perValue >= 2 ? 1 : 0) - 3 * nulls
  const named = isWord || isKeyName ? 'its name says so; ' : ''
  const reason = `${named}${distinct.toLocaleString('en-US')} values in ${values.toLocaleString('en-US')} sampled rows`
  return { facts, score, reason, isKey: isWord || isKeyName }
}

/**
 * The entity: the likeliest column, or two of them where rows come once per pair and folder, as in a table of stores and products.
 * @param perFolder the most rows in one folder with one value of all the given columns.
 */
export function chooseEntity(
  ranked: readonly EntityCandidate[],
  perFolder: ReadonlyMap<string, number>,
): { readonly columns: readonly EntityCandidate[]; readonly reason: string } {
  const [first, second] = ranked
  if (!first) return { columns: [], reason: 'no column repeats its values as a key does' }
  const most = (name: string) => perFolder.get(name) ?? 0
  const isPair = second && most(pairName(first, second)) === 1
  if (isPair && [first, second].every(({ facts }) => most(titleOf(facts)) > 1)) {
    const reason = `rows come once per folder for ${titleOf(first.facts)} and ${titleOf(second.facts)} together, and more often for each alone`
    return { columns: [first, second], reason }
  }
  return { columns: [first], reason: first.reason }
}

/** The pair whose rows are worth counting: two keys, each of which comes several times in one folder. */
export function keyPair(ranked: readonly EntityCandidate[]): readonly [EntityCandidate, EntityCandidate] | undefined {
  const [first, second] = ranked
  return first?.isKey && second?.isKey ? [first, second] : undefined
}

export function pairName(first: EntityCandidate, second: EntityCandidate): string {
  return `${titleOf(first.facts)}, ${titleOf(second.facts)}`
}
