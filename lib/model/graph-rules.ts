import type { Duration } from './duration.ts'
import { renderSuggestion } from './nearest.ts'
import type { Problem } from './problem.ts'
import type { Source } from './source.ts'
import type { View, ViewInput } from './view.ts'
import { renderWindow } from './window.ts'

/** A month at its longest; a window of calendar days is compared with calendar grains, so days that gain or lose an hour do not matter. */
const HOURS = { second: 1 / 3600, minute: 1 / 60, hour: 1, day: 24, week: 168, month: 744 } as const

/** What is wrong between definitions, each of which is right by itself. */
export function problemsOfGraph(views: readonly View[], sources: readonly Source[]): Problem[] {
  const known: Known = {
    views: new Map(views.map((view) => [view.name, view])),
    sources: new Map(sources.map((source) => [source.name, source])),
  }
  const ofInputs = views.flatMap((view) => view.inputs.flatMap((input) => problemsOfInput(view, input, known)))
  return [...problemsOfNames([...sources, ...views]), ...ofInputs, ...problemsOfCycles(known)]
}

interface Known {
  readonly views: ReadonlyMap<string, View>
  readonly sources: ReadonlyMap<string, Source>
}

function problemsOfNames(definitions: readonly (View | Source)[]): Problem[] {
  const first = new Map<string, View | Source>()
  return definitions.flatMap((definition) => {
    const other = first.get(definition.name)
    if (!other) first.set(definition.name, definition)
    const message = `name '${definition.name}' is used twice; a view or source needs a name of its own`
    return other ? [{ file: definition.file, line: 1, message, found: `a ${other.kind} in ${other.file}` }] : []
  })
}

function problemsOfInput(view: View, input: ViewInput, known: Known): Problem[] {
  const at = { file: view.file, line: input.line ?? 1 }
  const source = known.sources.get(input.from)
  if (source) return problemsOfSourceInput(input, source).map((problem) => ({ ...at, ...problem }))
  const upstream = known.views.get(input.from)
  if (upstream) return problemsOfViewInput(input, upstream, known).map((problem) => ({ ...at, ...problem }))
  const names = [...known.sources.keys(), ...known.views.keys()].filter((name) => name !== view.name).toSorted()
  const message = `unknown source or view '${input.from}'${renderSuggestion(input.from, names)}`
  return [{ ...at, message, found: input.from, allowed: names }]
}

type InputProblem = Omit<Problem, 'file' | 'line'>

function problemsOfSourceInput({ name, window }: ViewInput, source: Source): InputProblem[] {
  const problems: InputProblem[] = []
  if (window.kind === 'all' && source.start === undefined) {
    problems.push({
      message: `input '${name}' reads all of source '${source.name}', which has no start`,
      allowed: [`a start in ${source.file}`, 'a length'],
    })
  }
  if (window.kind !== 'latest' && !source.eventTime) {
    const message = `input '${name}' reads source '${source.name}' by time, but that has no event_time`
    problems.push({ message, found: renderWindow(window), allowed: ['latest', `an event_time in ${source.file}`] })
  }
  return problems
}

function problemsOfViewInput({ name, window }: ViewInput, upstream: View, known: Known): InputProblem[] {
  if (window.kind === 'duration' && canBeEmpty(window.length, upstream)) {
    const message = `input '${name}' can be empty: its window is shorter than one ${upstream.grain} of view '${upstream.name}'`
    return [{ message, found: renderWindow(window), allowed: ['latest', `at least 1 ${upstream.grain}`] }]
  }
  if (window.kind !== 'all') return []
  const endless = sourcesBehind(upstream, known).filter((source) => source.start === undefined)
  if (!endless.length) return []
  const names = endless.map((source) => `'${source.name}'`).join(', ')
  return [
    {
      message: `input '${name}' reads all of view '${upstream.name}', which reads ${names} without a start`,
      allowed: ['a start', 'a length'],
    },
  ]
}

/** Partitions are visible by their end in `(end - window, end]`: a window at least as long as each of them always holds one. */
function canBeEmpty({ count, unit }: Duration, { grain, zone }: View): boolean {
  const hours = count * HOURS[unit]
  if (grain === 'hour') return hours < 1
  const calendar = unit === 'day' || unit === 'week' || unit === 'month'
  // A day of 25 hours, once a year, holds no end of a day within 24 of them.
  const longest = (grain === 'day' ? 24 : HOURS.month) + (calendar || zone === 'UTC' ? 0 : 1)
  return hours < longest
}

function sourcesBehind(view: View, known: Known, seen = new Set<string>()): Source[] {
  return view.inputs.flatMap(({ from }) => {
    if (seen.has(from)) return []
    seen.add(from)
    const upstream = known.views.get(from)
    return upstream ? sourcesBehind(upstream, known, seen) : (known.sources.get(from) ?? [])
  })
}

/** Each cycle once, told from the view of it that comes first by name. */
function problemsOfCycles({ views, sources }: Known): Problem[] {
  const done = new Set<string>()
  const cycles = new Map<string, { readonly view: View; readonly names: readonly string[] }>()
  const visit = (view: View, path: readonly string[]) => {
    const at = path.indexOf(view.name)
    if (at >= 0) {
      const names = rotated(path.slice(at))
      const first = views.get(names[0] ?? '') ?? view
      cycles.set(names.join(), { view: first, names: [...names, first.name] })
    }
    if (at >= 0 || done.has(view.name)) return
    for (const { from } of view.inputs) {
      const next = sources.has(from) ? undefined : views.get(from)
      if (next) visit(next, [...path, view.name])
    }
    done.add(view.name)
  }
  for (const view of [...views.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))) visit(view, [])
  return [...cycles.values()].map(({ view, names }) => ({
    file: view.file,
    line: view.inputs.find((input) => input.from === names[1])?.line ?? 1,
    message: `views feed each other in a circle: ${names.join(' -> ')}`,
  }))
}

function rotated(names: readonly string[]): readonly string[] {
  const first = names.indexOf(names.toSorted()[0] ?? '')
  return [...names.slice(first), ...names.slice(0, first)]
}
