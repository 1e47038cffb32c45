/**
 * What changed between the version of a view that readers see and its candidate, over the partitions where both stand: the share of rows
 * that differ, and the medians of both.
 */
import { rm } from 'node:fs/promises'
import { compareOutputs, type OutputComparison } from '../../engine/compare-outputs.ts'
import type { ViewVersion } from '../../model/catalog.ts'
import { canonicalJson } from '../../model/hash.ts'
import { sampleEvenly } from './sample.ts'
import { bringStanding, type StandingOutput } from './standing-files.ts'
import { isBadFile, numericColumns, VALUE_COLUMNS_MAX, type ValueTools } from './values.ts'

export const COMPARED_PARTITIONS_MAX = 60

export interface ComparedColumn {
  readonly name: string
  /** Rows that differ, over all compared partitions. */
  readonly different: number
}

export interface ComparedMedians {
  readonly name: string
  /** By the partitions; null where there is no finite value. */
  readonly published: readonly (number | null)[]
  readonly candidate: readonly (number | null)[]
}

export interface VersionComparison {
  readonly view: string
  readonly published: string
  readonly candidate: string
  readonly partitions: readonly string[]
  /** Partitions where both stand: more than are in `partitions` were sampled evenly. */
  readonly of: number
  /** By the partitions: entities on either side, and those that differ or are on one side only. */
  readonly rows: readonly number[]
  readonly different: readonly number[]
  readonly columns: readonly ComparedColumn[]
  readonly medians: readonly ComparedMedians[]
  /** Columns that only one of the two has, or that have another type there. */
  readonly onlyPublished: readonly string[]
  readonly onlyCandidate: readonly string[]
  /** Why there is nothing to compare. */
  readonly notComparable?: string
}

export interface ComparedSide {
  readonly version: ViewVersion
  readonly standing: readonly StandingOutput[]
}

/** Compares two versions of one view. */
export async function compareVersions(tools: ValueTools, published: ComparedSide, candidate: ComparedSide): Promise<VersionComparison> {
  const [old, made] = [published.version, candidate.version]
  const { common, onlyPublished, onlyCandidate } = columnsOf(old, made)
  const numeric = numericColumns(old).map(({ name }) => name)
  const medians = common.filter((name) => numeric.includes(name)).slice(0, VALUE_COLUMNS_MAX)
  const there = new Map(candidate.standing.map((output) => [output.partition, output]))
  const both = published.standing.flatMap((output) => {
    const other = there.get(output.partition)
    return other ? [[output, other] as const] : []
  })
  const why = whyNot(old, made, both.length)
  const compared: { readonly partition: string; readonly found: OutputComparison }[] = []
  for (const [here, other] of why === undefined ? sampleEvenly(both, COMPARED_PARTITIONS_MAX) : []) {
    const found = await compareOne(tools, { version: old, output: here }, { version: made, output: other }, { columns: common, medians })
    if (found) compared.push({ partition: here.partition, found })
  }
  return {
    view: old.view,
    published: old.version,
    candidate: made.version,
    partitions: compared.map(({ partition }) => partition),
    of: both.length,
    rows: compared.map(({ found }) => found.rows),
    different: compared.map(({ found }) => found.different),
    columns: common.map((name, at) => ({ name, different: compared.reduce((sum, { found }) => sum + (found.byColumn[at] ?? 0), 0) })),
    medians: medians.map((name, at) => ({
      name,
      published: compared.map(({ found }) => found.medians[at]?.here ?? null),
      candidate: compared.map(({ found }) => found.medians[at]?.there ?? null),
    })),
    onlyPublished,
    onlyCandidate,
    ...(why !== undefined && { notComparable: why }),
  }
}

/** Features of the same name and type, and the others. */
function columnsOf(old: ViewVersion, made: ViewVersion) {
  const features = ({ schema, entity }: ViewVersion) => schema.filter(({ name }) => !entity.includes(name))
  const has = (version: ViewVersion, name: string, type: string) => version.schema.some((one) => one.name === name && one.type === type)
  const only = (one: ViewVersion, other: ViewVersion) =>
    features(one)
      .filter(({ name, type }) => !has(other, name, type))
      .map(({ name }) => name)
  const common = features(old).filter(({ name, type }) => has(made, name, type))
  return { common: common.map(({ name }) => name), onlyPublished: only(old, made), onlyCandidate: only(made, old) }
}

function whyNot(old: ViewVersion, made: ViewVersion, both: number): string | undefined {
  const key = ({ schema, entity }: ViewVersion) => canonicalJson(schema.filter(({ name }) => entity.includes(name)))
  if (key(old) !== key(made)) return 'the two versions have other entities'
  if (old.grain !== made.grain || old.zone !== made.zone) return 'the two versions have partitions of other bounds'
  return both === 0 ? 'no partition stands in both versions yet' : undefined
}

interface OneSide {
  readonly version: ViewVersion
  readonly output: StandingOutput
}

/** Undefined where one of the two cannot be read any more. */
async function compareOne(
  tools: ValueTools,
  published: OneSide,
  candidate: OneSide,
  columns: { readonly columns: readonly string[]; readonly medians: readonly string[] },
): Promise<OutputComparison | undefined> {
  const [here] = await bringStanding(tools, published.version, [published.output])
  const [there] = await bringStanding(tools, candidate.version, [candidate.output])
  try {
    if (!here || !there) return undefined
    const job = { entity: published.version.entity, ...columns, here: here.file, there: there.file }
    return await compareOutputs(tools.engine.engine, job)
  } catch (error) {
    if (!isBadFile(error)) throw error
    return undefined
  } finally {
    for (const one of [here, there]) if (one) await rm(one.file, { force: true })
  }
}
