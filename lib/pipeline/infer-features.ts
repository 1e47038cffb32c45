import { titleOf } from '../model/infer/column-facts.ts'
import type { EntityGuess, MeasureGuess } from '../model/infer/data-guess.ts'
import { chooseEntity, keyPair, pairName, rankEntities } from '../model/infer/entity.ts'
import { guessMeasure } from '../model/infer/measure.ts'
import type { SampledColumn, SampledColumns } from './infer-columns.ts'
import type { TimeGuess } from './infer-time.ts'

const OTHERS_MAX = 3

/** The key of the first view. */
export async function inferEntity({ table, columns }: SampledColumns, { times }: TimeGuess): Promise<EntityGuess> {
  const usable = withoutTimes(columns, times)
  const types = new Map(usable.map(({ facts, guess }) => [facts, guess.type]))
  const ranked = rankEntities([...types.keys()], types)
  const indexOf = (facts: SampledColumn['facts']) => usable.find((column) => column.facts === facts)?.index ?? 0
  const perFolder = new Map<string, number>()
  const pair = keyPair(ranked)
  if (pair) {
    for (const { facts } of pair) perFolder.set(titleOf(facts), await table.mostPerFolder([indexOf(facts)]))
    perFolder.set(pairName(...pair), await table.mostPerFolder(pair.map(({ facts }) => indexOf(facts))))
  }
  const chosen = chooseEntity(ranked, perFolder)
  const facts = chosen.columns.map((column) => column.facts)
  return {
    columns: facts,
    types: facts.map((one) => types.get(one) ?? ''),
    reason: chosen.reason,
    hasNulls: facts.some(({ rows, values }) => values < rows),
    others: ranked
      .filter((other) => !chosen.columns.includes(other))
      .slice(0, OTHERS_MAX)
      .map((other) => other.facts),
  }
}

/** The number of the first view. */
export function inferMeasure({ columns }: SampledColumns, { times }: TimeGuess, entity: EntityGuess): MeasureGuess | undefined {
  const usable = withoutTimes(columns, times).filter(({ facts }) => !entity.columns.some((column) => titleOf(column) === titleOf(facts)))
  const types = new Map(usable.map(({ facts, guess }) => [facts, guess.type]))
  const field = guessMeasure([...types.keys()], types)
  return field && { field, isFinite: field.nonFinite === 0 }
}

/** A time is neither a key nor a measure, whichever was chosen. */
function withoutTimes(columns: readonly SampledColumn[], times: TimeGuess['times']): SampledColumn[] {
  const names = new Set(times.filter(({ refusal }, at) => at === 0 || refusal === undefined).map(({ candidate }) => candidate.column))
  return columns.filter(({ facts }) => !names.has(facts.name) || facts.inside.length > 0)
}
