import type { State, StateKind } from '../model/states.ts'

/** Neighbouring partitions that are in one state for one kind of reason. */
export interface LeftOutRun {
  readonly state: StateKind
  readonly first: string
  readonly last: string
  readonly partitions: number
  /** Of the first of them; others may name another folder. */
  readonly reason?: string
  readonly remedy?: string
}

/**
 * Runs of a view's neighbouring partitions that are in none of the states `untold`; two reasons that differ only in the folder or time they
 * name count as one.
 */
export function leftOutRuns(view: string, states: readonly (readonly [string, State])[], untold: readonly StateKind[]): LeftOutRun[] {
  const runs: LeftOutRun[] = []
  let before: string | undefined
  for (const [partition, state] of states) {
    const kind = untold.includes(state.kind) ? undefined : kindOf(state)
    const run = runs.at(-1)
    if (kind === undefined) before = undefined
    else if (run && kind === before) runs[runs.length - 1] = { ...run, last: partition, partitions: run.partitions + 1 }
    else runs.push({ state: state.kind, first: partition, last: partition, partitions: 1, ...whyOf(state) })
    before = kind
  }
  return runs.map((run) => remedied(run, view))
}

function remedied({ remedy, ...run }: LeftOutRun, view: string): LeftOutRun {
  return remedy === undefined ? run : { ...run, remedy: withUpstream(remedy, view, run) }
}

/** What is blocked by an input view is computed with it, and with whatever else is missing there. */
export function withUpstream(remedy: string, view: string, range: { readonly first: string; readonly last: string }): string {
  const together = `hindcast backfill ${view} --from ${range.first} --to ${range.last} --with upstream`
  return remedy.replace(/hindcast backfill \S+ --from \S+ --to \S+$/, together)
}

function kindOf(state: State): string {
  return `${state.kind} ${'reason' in state ? (state.reason ?? '').replace(/\d{4}(-\d\d)*(T[\d:.]+Z)?/g, '#') : ''}`
}

function whyOf(state: State) {
  return { ...('reason' in state && { reason: state.reason }), ...('remedy' in state && { remedy: state.remedy }) }
}
