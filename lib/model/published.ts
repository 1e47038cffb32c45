import { featureKey } from './catalog.ts'
import type { Instant } from './zone.ts'

/**
 * Which versions of the views are published, were published last, are pinned or are being dropped. All of it is one object, so that
 * every change is one conditional put, and a change that was decided on something else is refused.
 */

/** `registry/published.json`. Times are ISO. Keys `view@version` are those of `featureKey`. */
export interface Published {
  readonly format: 1
  /** The version of each view that readers see. */
  readonly views: Readonly<Record<string, string>>
  /** When each of them was switched. */
  readonly since?: Readonly<Record<string, string>>
  /** By view: the run that published its version, where one did. */
  readonly runs?: Readonly<Record<string, string>>
  /** What each view had before: live computes it until then, and a rollback goes back to it. */
  readonly previous?: Readonly<Record<string, { readonly version: string; readonly until: string }>>
  /** By `view@version`: live computes them, and they cannot be dropped. */
  readonly pins?: Readonly<Record<string, Pin>>
  /** By `view@version`: their objects are being deleted, they cannot be published or pinned. */
  readonly dropping?: Readonly<Record<string, { readonly since: string }>>
}

export interface Pin {
  readonly since: string
  readonly reason?: string
}

/** How long live goes on computing the version that was published before, so that a rollback finds no hole. */
export const PREVIOUS_MS = 7 * 86_400_000

export const NOTHING_PUBLISHED: Published = { format: 1, views: {} }

/** The versions of a view that live computes besides its candidate. */
export function liveVersions(published: Published, view: string, now: Instant): string[] {
  const { views, previous = {}, pins = {} } = published
  const pinned = Object.keys(pins).filter((key) => key.startsWith(`${view}@`))
  const before = previous[view]
  const found = [
    ...(views[view] === undefined ? [] : [views[view]]),
    ...(before && Date.parse(before.until) > now ? [before.version] : []),
    ...pinned.map((key) => key.slice(view.length + 1)),
  ]
  return [...new Set(found)].filter((version) => !published.dropping?.[featureKey(view, version)])
}

/** The views with these versions, all at once; what they had becomes the previous one. A view that has its version already stays. */
export function switchVersions(published: Published, versions: Readonly<Record<string, string>>, now: Instant, run?: string): Published {
  const changed = Object.entries(versions).filter(([view, version]) => published.views[view] !== version)
  const previous = { ...published.previous }
  const until = new Date(now + PREVIOUS_MS).toISOString()
  for (const [view] of changed) {
    const version = published.views[view]
    if (version !== undefined) previous[view] = { version, until }
  }
  const since = Object.fromEntries(changed.map(([view]) => [view, new Date(now).toISOString()]))
  const runs = { ...published.runs }
  for (const [view] of changed) {
    delete runs[view]
    if (run !== undefined) runs[view] = run
  }
  const { runs: _, ...rest } = published
  return {
    ...rest,
    views: sorted({ ...published.views, ...versions }),
    since: sorted({ ...published.since, ...since }),
    ...(Object.keys(runs).length > 0 && { runs: sorted(runs) }),
    previous: sorted(previous),
  }
}

export function withPin(published: Published, view: string, version: string, pin: Pin): Published {
  return { ...published, pins: sorted({ ...published.pins, [featureKey(view, version)]: pin }) }
}

export function withoutPin(published: Published, view: string, version: string): Published {
  return { ...published, pins: without(published.pins, featureKey(view, version)) }
}

/** The version is being dropped from now on. */
export function withDropping(published: Published, view: string, version: string, now: Instant): Published {
  const key = featureKey(view, version)
  const since = published.dropping?.[key]?.since ?? new Date(now).toISOString()
  return { ...published, dropping: sorted({ ...published.dropping, [key]: { since } }) }
}

/** The drop was given up. */
export function withoutDropping(published: Published, view: string, version: string): Published {
  if (!published.dropping?.[featureKey(view, version)]) return published
  return { ...published, dropping: without(published.dropping, featureKey(view, version)) }
}

/** The drop has ended: nobody rolls back to it any more. */
export function withDropped(published: Published, view: string, version: string): Published {
  const previous = published.previous?.[view]?.version === version ? without(published.previous, view) : published.previous
  return { ...withoutDropping(published, view, version), ...(previous && { previous }) }
}

/** The version that a rollback of the view goes back to, unless it is being dropped. */
export function previousOf(published: Published, view: string): string | undefined {
  const version = published.previous?.[view]?.version
  return version === undefined || published.dropping?.[featureKey(view, version)] ? undefined : version
}

/** Readers no longer see the view, and nothing goes back to it. */
export function withoutView(published: Published, view: string): Published {
  const { since, previous } = published
  return {
    ...published,
    views: without(published.views, view),
    ...(since && { since: without(since, view) }),
    ...(previous && { previous: without(previous, view) }),
  }
}

function without<T>(record: Readonly<Record<string, T>> = {}, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
