import { ConflictError } from '../model/errors.ts'
import { jsonBytes, readJson } from './json-object.ts'
import { CLAIMS_PREFIX, claimKey } from './keys.ts'
import { listAll, type ObjectStore } from './object-store.ts'

/** Partitions that a running run will compute: the sweep leaves them alone until the claim is removed or expires. */
export interface Claim {
  readonly format: 1
  readonly run: string
  /** By `view@version`: first and last partition name of each claimed range. */
  readonly ranges: Readonly<Record<string, readonly (readonly [string, string])[]>>
  /** Milliseconds since 1970 UTC. */
  readonly expires: number
  /** Who holds it, where its end can be seen: a process of one machine. */
  readonly holder?: string
}

export async function putClaim(store: ObjectStore, claim: Claim): Promise<void> {
  await store.put(claimKey(claim.run), jsonBytes(claim))
}

/** Lets a claim that is there hold longer, or shorter; one that was removed meanwhile stays away, as its run was ended. */
export async function renewClaim(store: ObjectStore, run: string, expires: number): Promise<void> {
  const found = await readJson<Claim>(store, claimKey(run))
  if (!found) return
  try {
    await store.put(claimKey(run), jsonBytes({ ...found.value, expires }), { ifMatch: found.info.etag })
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
  }
}

export async function removeClaim(store: ObjectStore, run: string): Promise<void> {
  await store.delete(claimKey(run))
}

/** Removes the claims of holders that are gone, as a killed run leaves one; returns their runs. */
export async function removeDeadClaims(store: ObjectStore, isGone: (holder: string) => boolean): Promise<string[]> {
  const dead = (await readClaims(store, Number.NEGATIVE_INFINITY)).filter(({ holder }) => holder !== undefined && isGone(holder))
  for (const { run } of dead) await removeClaim(store, run)
  return dead.map(({ run }) => run)
}

/** Claims that have not expired at `now`. */
export async function readClaims(store: ObjectStore, now: number): Promise<Claim[]> {
  const keys = await listAll(store, { prefix: CLAIMS_PREFIX })
  const claims = await Promise.all(keys.map(({ key }) => readJson<Claim>(store, key)))
  return claims.flatMap((claim) => (claim && claim.value.expires > now ? [claim.value] : []))
}

/** Whether a partition lies in a claimed range; names of one grain sort as time does. */
export function isClaimed(claims: readonly Claim[], table: string, partition: string): boolean {
  return claims.some((claim) => (claim.ranges[table] ?? []).some(([first, last]) => first <= partition && partition <= last))
}
