/**
 * Athena has a limit on what a query may scan, per workgroup and no other. So the queries of a request with a budget have a workgroup of
 * their own while they run: the configured one again, with that limit. Making and removing one costs nothing.
 * https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html
 */
import {
  type AthenaClient,
  CreateWorkGroupCommand,
  DeleteWorkGroupCommand,
  GetWorkGroupCommand,
  InvalidRequestException,
  paginateListWorkGroups,
  type WorkGroupConfiguration,
} from '@aws-sdk/client-athena'
import { ownWorkgroups } from '../model/athena-names.ts'
import { SCAN_LIMIT_BYTES_MIN } from '../model/athena-price.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Instant } from '../model/zone.ts'
import type { ScanLimit } from './query-service.ts'

/** A workgroup that was made for one run: the bytes that each of its queries may scan, and what they follow from, for messages. */
export interface OwnWorkgroup {
  readonly name: string
  readonly bytesMax: number
  readonly from: string
}

/** Athena ends a query after four hours at most, and a run has two: what is older was left by one that was killed. */
const LEFT_AFTER_MS = 24 * 3_600_000

/** Makes the workgroup of a run. @throws InvalidInputError for a limit that Athena does not take, or a workgroup that is disabled. */
export async function createOwnWorkgroup(client: AthenaClient, base: string, limit: ScanLimit): Promise<OwnWorkgroup> {
  const { WorkGroup: found } = await client.send(new GetWorkGroupCommand({ WorkGroup: base }))
  if (found?.State === 'DISABLED') throw new InvalidInputError(`workgroup ${base} is disabled; expected one that is enabled`)
  const configured = found?.Configuration ?? {}
  const allowed = lowerOf(base, limit, configured.BytesScannedCutoffPerQuery)
  if (allowed.bytesMax < SCAN_LIMIT_BYTES_MIN)
    throw new InvalidInputError(
      `${allowed.from} leaves ${allowed.bytesMax} bytes to scan; expected at least ${SCAN_LIMIT_BYTES_MIN}, the least limit that Athena takes`,
    )
  const run = runOf(limit)
  const name = ownWorkgroups(base) + run
  await client.send(
    new CreateWorkGroupCommand({
      Name: name,
      Description: descriptionOf(base, run),
      Configuration: limited(configured, allowed.bytesMax),
      Tags: Object.entries({ 'hindcast:run': run, 'hindcast:workgroup': base }).map(([Key, Value]) => ({ Key, Value })),
    }),
  )
  return { name, ...allowed }
}

/** Removes a workgroup with the history of its queries; one that is gone is removed already. */
export async function deleteOwnWorkgroup(client: AthenaClient, name: string): Promise<void> {
  try {
    await client.send(new DeleteWorkGroupCommand({ WorkGroup: name, RecursiveDeleteOption: true }))
  } catch (error) {
    const isGone = error instanceof InvalidRequestException && /not found|does not exist/i.test(error.message)
    if (!isGone) throw error
  }
}

/** Removes what runs that were killed left of this workgroup: only what hindcast made, by name and by description. */
export async function deleteLeftWorkgroups(client: AthenaClient, base: string, now: Instant): Promise<void> {
  const prefix = ownWorkgroups(base)
  for await (const { WorkGroups: page = [] } of paginateListWorkGroups({ client }, {})) {
    for (const { Name: name = '', Description: description, CreationTime: created } of page) {
      const isOwn = name.startsWith(prefix) && description === descriptionOf(base, name.slice(prefix.length))
      if (isOwn && created && now - created.getTime() > LEFT_AFTER_MS) await deleteOwnWorkgroup(client, name)
    }
  }
}

/** The limit of the configured workgroup holds besides. */
function lowerOf(base: string, { bytesMax, from }: ScanLimit, cutoff = Number.POSITIVE_INFINITY): Omit<OwnWorkgroup, 'name'> {
  return cutoff < bytesMax ? { bytesMax: cutoff, from: `workgroup ${base}` } : { bytesMax, from }
}

/** The version in effect is told, not taken. */
function limited({ EngineVersion: engine, ...rest }: WorkGroupConfiguration, bytesMax: number): WorkGroupConfiguration {
  const selected = engine?.SelectedEngineVersion
  return {
    ...rest,
    ...(selected !== undefined && { EngineVersion: { SelectedEngineVersion: selected } }),
    EnforceWorkGroupConfiguration: true,
    BytesScannedCutoffPerQuery: bytesMax,
  }
}

function runOf({ run }: ScanLimit): string {
  return run.replace(/[^a-zA-Z0-9._-]/g, '-')
}

function descriptionOf(base: string, run: string): string {
  return `hindcast train, run ${run}: workgroup ${base} with the scan limit of a budget; there while its queries run`
}
