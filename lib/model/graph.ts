import { problemsOfGraph } from './graph-rules.ts'
import { type Problem, sortProblems } from './problem.ts'
import type { Source } from './source.ts'
import type { View, ViewInput } from './view.ts'

/** One view's binding of an input. */
export interface Reader {
  readonly view: View
  readonly input: ViewInput
}

/** All definitions of a folder, joined by their inputs; without cycles, and every input exists. */
export class Graph {
  readonly views: ReadonlyMap<string, View>
  readonly sources: ReadonlyMap<string, Source>
  /** Level 0 reads sources only, each other level at least one view of the level below. By name within a level. */
  readonly levels: readonly (readonly View[])[]
  readonly #readers = new Map<string, Reader[]>()

  /** Use `buildGraph`, which checks what this takes for granted. */
  constructor(views: readonly View[], sources: readonly Source[]) {
    const byName = <T extends { readonly name: string }>(items: readonly T[]) =>
      new Map(items.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((item) => [item.name, item]))
    this.views = byName(views)
    this.sources = byName(sources)
    this.levels = levelsOf(this.views)
    for (const view of this.views.values()) {
      for (const input of view.inputs) this.#readers.set(input.from, [...(this.#readers.get(input.from) ?? []), { view, input }])
    }
  }

  /** Who reads that source or view, once per binding. */
  readersOf(name: string): readonly Reader[] {
    return this.#readers.get(name) ?? []
  }

  /** Every view that feeds one of these, near or far, feeders first. One of these is in it only where it feeds another. */
  upstreamOf(viewNames: Iterable<string>): View[] {
    return this.#reached(viewNames, (name) => this.views.get(name)?.inputs.map((input) => input.from) ?? [])
  }

  /** Every view that one of these feeds, near or far, feeders first. One of these is in it only where another feeds it. */
  downstreamOf(viewNames: Iterable<string>): View[] {
    return this.#reached(viewNames, (name) => this.readersOf(name).map((reader) => reader.view.name))
  }

  /** The sources that a view reads, itself or through other views, by name. */
  sourcesOf(viewName: string): Source[] {
    const names = reach([viewName], (name) => this.views.get(name)?.inputs.map((input) => input.from) ?? [])
    return [...this.sources.values()].filter((source) => names.has(source.name))
  }

  #reached(names: Iterable<string>, next: (name: string) => readonly string[]): View[] {
    const found = reach(names, next)
    return this.levels.flat().filter((view) => found.has(view.name))
  }
}

/** A graph where nothing was wrong, and everything that was: unknown inputs, cycles, names used twice, windows that cannot work. */
export function buildGraph(
  views: readonly View[],
  sources: readonly Source[],
): { readonly graph?: Graph; readonly problems: readonly Problem[] } {
  const problems = sortProblems(problemsOfGraph(views, sources))
  return problems.length ? { problems } : { graph: new Graph(views, sources), problems }
}

/** What can be reached in one step or more. */
function reach(names: Iterable<string>, next: (name: string) => readonly string[]): Set<string> {
  const found = new Set<string>()
  const waiting = [...names].flatMap(next)
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue
    found.add(name)
    waiting.push(...next(name))
  }
  return found
}

function levelsOf(views: ReadonlyMap<string, View>): View[][] {
  const levels: View[][] = []
  const known = new Map<string, number>()
  const levelOf = (view: View): number => {
    const seen = known.get(view.name)
    if (seen !== undefined) return seen
    const below = view.inputs.flatMap((input) => views.get(input.from) ?? []).map(levelOf)
    const level = Math.max(-1, ...below) + 1
    known.set(view.name, level)
    return level
  }
  for (const view of views.values()) {
    const level = levelOf(view)
    while (levels.length <= level) levels.push([])
    levels[level]?.push(view)
  }
  return levels
}
