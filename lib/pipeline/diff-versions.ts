import type { Engine } from '../engine/engine.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { type NamedVersions, namedVersions, readFrozen, versionByPrefix } from '../lake/version-named.ts'
import type { ViewVersion } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import { type PeriodRequest, requestedPartitions } from '../model/period.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import { standingOutputs } from './bring-outputs.ts'
import { type Diff, outsideNotes } from './diff.ts'
import { coverOf } from './diff-cover.ts'
import { diffOutputs, type OutputsOf } from './diff-outputs.ts'

/** What every comparison of a view needs. */
export interface DiffEffects {
  readonly store: ObjectStore
  readonly engine: Engine
  now(): Instant
}

export interface VersionsRequest {
  readonly view: string
  /** Hashes, or how they begin; by default the published version against the candidate. */
  readonly fromVersion?: string
  readonly toVersion?: string
  readonly period?: PeriodRequest
  readonly tolerance?: number
}

/** Compares two versions of a view over the outputs that both have. @throws InvalidInputError for a version that there is not. */
export async function diffVersions(request: VersionsRequest, { store, engine, now }: DiffEffects): Promise<Diff> {
  const named = await namedVersions(store, request.view)
  const [from, to] = chooseVersions(named, request)
  const [here, there] = await Promise.all([outputsOf(store, named, from), outputsOf(store, named, to)])
  const all = { here: here.outputs.map(({ partition }) => partition), there: there.outputs.map(({ partition }) => partition) }
  const period = periodOf(here.version, request.period, now())
  const covered = coverOf(all, period)
  const notes = period ? [] : [...outside(here, covered.here.size), ...outside(there, covered.there.size)]
  return diffOutputs(engine, { here, there, covered, notes, ...(request.tolerance !== undefined && { tolerance: request.tolerance }) })
}

function outside({ name, outputs }: OutputsOf, covered: number): string[] {
  return covered > 0 ? outsideNotes(name, outputs.length - covered) : []
}

/** The two versions that a request means. @throws InvalidInputError where it means one, or none is published to compare with. */
export function chooseVersions(named: NamedVersions, request: Pick<VersionsRequest, 'fromVersion' | 'toVersion'>): [string, string] {
  const { view, published, candidate, all } = named
  const from = request.fromVersion === undefined ? published : versionByPrefix(named, request.fromVersion)
  const to = request.toVersion === undefined ? candidate : versionByPrefix(named, request.toVersion)
  const others = all.filter((version) => version !== to).join(', ')
  if (from === undefined)
    throw new InvalidInputError(`no version of ${view} is published; expected --from-version ${others || '(there is no other version)'}`)
  if (from !== to) return [from, to]
  throw new InvalidInputError(
    `both sides are version ${to} of ${view}; expected another --from-version or --to-version: ${others || '(there is no other)'}`,
  )
}

/** `version 0a1b2c3d4e5f (published)`. */
export function versionName({ published, candidate }: NamedVersions, version: string): string {
  const role = version === published ? ' (published)' : version === candidate ? ' (candidate)' : ''
  return `version ${version}${role}`
}

/** Ended partitions of the period; undefined where there is none. */
export function periodOf({ grain, zone }: ViewVersion, period: PeriodRequest | undefined, now: Instant): readonly Partition[] | undefined {
  return period && requestedPartitions(period, { grain, zone: zoneNamed(zone) }, now)
}

async function outputsOf(store: ObjectStore, named: NamedVersions, version: string): Promise<OutputsOf> {
  const frozen = await readFrozen(store, named.view, version)
  return { name: versionName(named, version), version: frozen, store, outputs: await standingOutputs(store, frozen) }
}
