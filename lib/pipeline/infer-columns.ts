import type { MergedField } from '../engine/merge-fields.ts'
import type { SampleTable } from '../engine/sample-rows.ts'
import { type ColumnFacts, titleOf } from '../model/infer/column-facts.ts'
import { guessType, type TypeGuess } from '../model/infer/column-type.ts'
import type { LeftOut } from '../model/infer/data-guess.ts'
import { bridgeType } from '../model/types.ts'
import type { Inference, SampledObject } from './infer-source.ts'
import { type ReadSample, readSample } from './read-sample.ts'

/** A column with what was sampled of it. */
export interface SampledColumn {
  /** Its place in the table of the sample. */
  readonly index: number
  readonly merged: MergedField
  readonly facts: ColumnFacts
  readonly guess: TypeGuess
}

/** A sample that was read, with what its columns are. Close the table. */
export interface SampledColumns extends ReadSample {
  readonly columns: readonly SampledColumn[]
  readonly leftOut: readonly LeftOut[]
}

/** Reads the rows of all sampled objects and tells the types of their columns; those that no definition can hold are left out. */
export async function inferColumns(inference: Inference, objects: readonly SampledObject[]): Promise<SampledColumns> {
  const first = await readColumns(inference, objects, undefined)
  const nullText = first.format.kind === 'csv' ? nullTextOf(first.columns.map(({ facts }) => facts)) : undefined
  if (nullText === undefined) return first
  await first.table.close()
  return readColumns(inference, objects, nullText)
}

async function readColumns(inference: Inference, sampled: readonly SampledObject[], nullText: string | undefined): Promise<SampledColumns> {
  const read = await readSample(inference, sampled, nullText)
  const [columns, leftOut] = await typedColumns(read.table, read.fields)
  return { ...read, columns, leftOut }
}

async function typedColumns(table: SampleTable, fields: readonly MergedField[]): Promise<[SampledColumn[], LeftOut[]]> {
  const columns: SampledColumn[] = []
  const leftOut: LeftOut[] = []
  for (const [index, merged] of fields.entries()) {
    const reason = refusalOf(merged)
    if (reason !== undefined) {
      if (merged.inside.length === 0) leftOut.push({ name: titleOf(merged), reason })
      continue
    }
    const has = merged.present.flatMap((present, object) => (present ? [object] : []))
    const facts = await table.facts(index, has)
    columns.push({ index, merged, facts, guess: guessType(facts) })
  }
  // What lies inside a column that is left out cannot be reached.
  const declared = new Set(columns.filter(({ merged }) => merged.inside.length === 0).map(({ merged }) => merged.name))
  return [columns.filter(({ merged }) => declared.has(merged.name)), leftOut]
}

const UNSIGNED = /^U(TINYINT|SMALLINT|INTEGER|BIGINT)$/

function refusalOf({ conflict, type }: MergedField): string | undefined {
  if (conflict) return `${conflict.join(' in some objects, ')} in others: no type holds both`
  if (type === undefined || UNSIGNED.test(type)) return undefined
  const bridged = bridgeType(type)
  return bridged.kind === 'held' ? undefined : `type ${bridged.reason}`
}

const NULL_TEXTS = ['NULL', 'null', 'NA', 'N/A', 'n/a', 'NaN', 'nan', 'None', 'none', 'nil', '\\N', '-', '?']

/** The word that stands for NULL: the only thing that is no number, or no time, in a column of them. */
function nullTextOf(facts: readonly ColumnFacts[]): string | undefined {
  const words = facts.flatMap(({ values, numbers, naiveTimes, zonedTimes, oddNumber, oddNumbers, oddTime }) => {
    if (oddNumbers === 1 && numbers > values / 2) return oddNumber ?? []
    return naiveTimes + zonedTimes > values / 2 && naiveTimes + zonedTimes < values ? (oddTime ?? []) : []
  })
  return NULL_TEXTS.find((text) => words.includes(text))
}
