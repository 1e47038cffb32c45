import { analyzeView, type ViewAnalysis } from '../engine/analyze-view.ts'
import { relationSchema } from '../engine/relation.ts'
import { type Catalog, type Feature, featureKey, type InputBinding, type ViewSettings } from '../model/catalog.ts'
import { InternalError } from '../model/errors.ts'
import type { Graph } from '../model/graph.ts'
import type { Problem } from '../model/problem.ts'
import { canonicalSql } from '../model/sql-tokens.ts'
import { versionOf } from '../model/version.ts'
import type { View, ViewInput } from '../model/view.ts'
import { type ResolvedSource, resolveSource, type SourceOptions } from './resolve-source.ts'

export interface ResolveOptions extends SourceOptions {
  readonly graph: Graph
}

export interface Resolution {
  /** There where nothing was wrong. */
  readonly catalog?: Catalog
  /** Views with which nothing was wrong, by name. */
  readonly features: ReadonlyMap<string, Feature>
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
  /** By view: what in its SQL can depend on the order of rows. */
  readonly orderSensitive: ReadonlyMap<string, readonly string[]>
}

/** What is known so far; a name that was looked at and is in neither map has problems. */
interface Known {
  readonly sources: Map<string, ResolvedSource>
  readonly features: Map<string, Feature>
}

/**
 * From definitions to a catalog: columns of sources, output schemas, bindings and versions of views, level by level of the graph. A
 * view with problems hides none of another; those that read it are reported as not checked.
 */
export async function resolveCatalog(options: ResolveOptions): Promise<Resolution> {
  const { graph } = options
  const known: Known = { sources: new Map(), features: new Map() }
  const problems: Problem[] = []
  const orderSensitive = new Map<string, readonly string[]>()
  for (const source of graph.sources.values()) {
    const resolved = await resolveSource(source, options)
    problems.push(...resolved.problems)
    if (resolved.source) known.sources.set(source.name, resolved.source)
  }
  // An engine keeps the sessions of two zones: views of one zone come together.
  for (const view of graph.levels.flatMap((level) => level.toSorted((a, b) => (a.zone < b.zone ? -1 : a.zone > b.zone ? 1 : 0)))) {
    const resolved = await resolveView(view, known, options)
    problems.push(...resolved.problems)
    if (resolved.feature) known.features.set(view.name, resolved.feature)
    orderSensitive.set(view.name, resolved.orderSensitive)
  }
  const warnings = unreadSources(graph)
  const found = { features: known.features, problems, warnings, orderSensitive }
  return problems.length > 0 ? found : { ...found, catalog: catalogOf(known) }
}

async function resolveView(
  view: View,
  known: Known,
  options: ResolveOptions,
): Promise<{ feature?: Feature; problems: readonly Problem[]; orderSensitive: readonly string[] }> {
  const broken = view.inputs.filter(({ from }) => !known.sources.has(from) && !known.features.has(from))
  if (broken.length > 0) return { problems: [notChecked(view, broken)], orderSensitive: [] }
  const whole = view.inputs.map((input) => bindingOf(input, known))
  const { lineOf } = options
  const analysis = await analyzeView(options.engine, view, {
    inputs: whole.map((binding) => ({ name: binding.name, columns: relationSchema(binding) })),
    ...(lineOf && { lineOf: (path) => lineOf(view.file, path) }),
  })
  const { problems, orderSensitive } = analysis
  return problems.length > 0 ? { problems, orderSensitive } : { feature: featureOf(view, whole, known, analysis), problems, orderSensitive }
}

/** What is said of a view that reads something with problems of its own. */
export function notChecked(view: View, broken: readonly ViewInput[]): Problem {
  const names = [...new Set(broken.map(({ from }) => from))]
  const message = `not checked, because ${names.join(' and ')} ${names.length === 1 ? 'has' : 'have'} problems`
  return { file: view.file, line: broken[0]?.line ?? 1, message }
}

/** The binding with every column that there is to read. */
function bindingOf({ name, from, window }: ViewInput, known: Known): InputBinding {
  const source = known.sources.get(from)
  if (source) {
    const { columns, eventTime, format } = source
    return { kind: 'source', name, window, source: from, columns, ...(eventTime && { eventTime }), format }
  }
  const version = known.features.get(from)?.version
  if (!version) throw new InternalError(`input ${name} reads ${from}, which is not resolved`)
  return {
    kind: 'view',
    name,
    window,
    view: from,
    version: version.version,
    schema: version.schema,
    grain: version.grain,
    zone: version.zone,
  }
}

/** The columns that the SQL reads and the event time, by which the input is cut. */
function readPart(binding: InputBinding, columnsRead: ViewAnalysis['columnsRead']): InputBinding {
  if (binding.kind === 'view') return binding
  const read = columnsRead.get(binding.name) ?? []
  return { ...binding, columns: binding.columns.filter(({ name }) => read.includes(name) || name === binding.eventTime?.column) }
}

function featureOf(view: View, whole: readonly InputBinding[], known: Known, { schema, columnsRead, rules }: ViewAnalysis): Feature {
  const { entity, grain, zone, warmUp } = view
  const content = { entity, grain, zone, warmUp, inputs: whole.map((binding) => readPart(binding, columnsRead)) }
  const version = versionOf(content, canonicalSql(view.sql))
  const sql = withoutSemicolon(view.sql)
  return {
    version: { format: 1, view: view.name, version, sql, ...content, schema },
    settings: settingsOf(view, rules, badRowsOf(view, known)),
  }
}

/** The SQL is put in parentheses when it runs. A semicolon that ends a comment may go too. */
function withoutSemicolon(sql: string): string {
  return sql.replace(/(;(\s|--[^\n]*|\/\*[\s\S]*?\*\/)*)+$/, '').trimEnd()
}

function badRowsOf(view: View, known: Known): Record<string, number> {
  const sources = view.inputs.flatMap(({ from }) => known.sources.get(from) ?? [])
  return Object.fromEntries(sources.map((source) => [source.name, source.badRows.maxShare]))
}

function settingsOf(view: View, rules: ViewAnalysis['rules'], badRows: ViewSettings['badRows']): ViewSettings {
  return {
    description: view.description,
    ...(view.owner !== undefined && { owner: view.owner }),
    expect: rules.expect,
    warn: rules.warn,
    nonFinite: view.nonFinite,
    badRows,
    repairMs: view.repairMs,
    availableAfterMs: view.availableAfterMs,
    ...(view.carryMs !== undefined && { carryMs: view.carryMs }),
    columns: view.columns,
    absent: view.absent,
  }
}

function catalogOf({ sources, features }: Known): Catalog {
  const keyed = [...features.values()].map((feature) => [featureKey(feature.version.view, feature.version.version), feature] as const)
  const candidates = new Map([...features.values()].map(({ version }) => [version.view, version.version]))
  return { sources, features: new Map(keyed), candidates }
}

function unreadSources(graph: Graph): Problem[] {
  const unread = [...graph.sources.values()].filter(({ name }) => graph.readersOf(name).length === 0)
  return unread.map(({ file, name }) => ({ file, line: 1, message: `no view reads source '${name}'` }))
}
