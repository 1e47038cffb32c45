import type { UnfinishedTask } from '../../pipeline/unfinished-tasks.ts'

/** The input of an execution, as it was given. */
export type RunInput = Readonly<Record<string, unknown>>

const REASON_MAX = 1000

/**
 * What computes the rest of a run. Its own request does, since what is done is fresh; not one that computes everything whatever stands
 * there: of it the views and ranges of the tasks are asked for that did not finish.
 */
export function redriveRequests(run: string, input: RunInput, unfinished: readonly UnfinishedTask[]): RunInput[] {
  const reason = `redrive of ${run}: ${String(input.reason ?? 'backfill')}`.slice(0, REASON_MAX)
  if (input.reprocess !== 'all') return [{ ...input, reason }]
  const { view: _view, views: _views, last: _last, ...rest } = input
  return [...rangesOf(unfinished)].map(([view, [from, to]]) => ({ ...rest, view, from, to, with: 'none', reason }))
}

/** First and last partition by `view@version`; names of one grain sort as time does. */
function rangesOf(unfinished: readonly UnfinishedTask[]): Map<string, readonly [string, string]> {
  const ranges = new Map<string, readonly [string, string]>()
  for (const { task } of unfinished) {
    if (task.kind !== 'task') continue
    const key = `${task.view}@${task.version}`
    const [first, last] = ranges.get(key) ?? [task.first, task.last]
    const sorted = [first, last, task.first, task.last].sort()
    ranges.set(key, [sorted[0] ?? first, sorted[3] ?? last])
  }
  return ranges
}
