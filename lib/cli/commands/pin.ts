import { parseViewRef, type VersionRef } from '../../model/catalog.ts'
import { InvalidInputError } from '../../model/errors.ts'
import { pinVersion, unpinVersion } from '../../pipeline/pin.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openExistingLake } from '../registry-session.ts'

/** `airport_week` and a version, or `airport_week@0a1b2c3d4e5f` alone. */
export interface VersionOptions {
  readonly view: string
  readonly version: string | undefined
}

/** Keeps a version live and from being dropped. */
export async function pin(context: CliContext, options: VersionOptions & { readonly reason?: string }): Promise<number> {
  const ref = versionOf(options)
  const lake = await openExistingLake(context)
  try {
    await pinVersion({ ...ref, ...(options.reason !== undefined && { reason: options.reason }) }, { lake, now: context.now })
    context.out(
      `pinned ${ref.view} ${ref.version}: live computes it, and it cannot be dropped, until hindcast unpin ${ref.view} ${ref.version}`,
    )
    return EXIT.ok
  } finally {
    await lake.close()
  }
}

/** Ends a pin. */
export async function unpin(context: CliContext, options: VersionOptions): Promise<number> {
  const ref = versionOf(options)
  const lake = await openExistingLake(context)
  try {
    await unpinVersion(ref, { lake })
    context.out(`unpinned ${ref.view} ${ref.version}`)
    return EXIT.ok
  } finally {
    await lake.close()
  }
}

/** @throws InvalidInputError for a version that cannot be one, or none. */
export function versionOf({ view, version }: VersionOptions): VersionRef {
  const ref = parseViewRef(version === undefined ? view : `${view}@${version}`)
  if (ref.version === undefined) {
    throw new InvalidInputError(
      `'${view}' names no version; expected ${view} VERSION or ${view}@VERSION, as hindcast versions ${view} lists them`,
    )
  }
  return { view: ref.view, version: ref.version }
}
