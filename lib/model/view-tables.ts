/** The tables by which Athena reads a view: one of the published version, and one of all versions. Pure. */
import type { Feature, OutputColumn, ViewVersion } from './catalog.ts'
import { InternalError } from './errors.ts'
import { type GlueColumn, type GlueTable, glueColumn, glueTable, OWNED, PARQUET_FILES } from './glue-table.ts'
import { canonicalJson, hashOf } from './hash.ts'
import { enumProjection, projected, timeProjection } from './projection.ts'
import { bridgeType } from './types.ts'

/** A version with what its tables have to know of the lake. */
export interface TabledFeature extends Feature {
  /** Name of the first partition that it has or can have. */
  readonly first: string
}

export interface TabledView {
  /** Where the lake is: `s3://bucket`. */
  readonly lake: string
  readonly published: TabledFeature
  /** The run that published it, where one did. */
  readonly run?: string
  /** Every version that is kept, the published one among them. */
  readonly versions: readonly TabledFeature[]
}

/** `airport_week__history`; no view can have such a name. */
export function historyName(view: string): string {
  return `${view}__history`
}

/** The table of the published version. */
export function publishedTable({ lake, published, run }: TabledView): GlueTable {
  const { version, settings, first } = published
  const prefix = `${lake}/features/${version.view}/v=${version.version}/`
  return glueTable({
    name: version.view,
    description: settings.description,
    columns: fileColumns(version).map((column) => columnOf(column, settings.columns)),
    partitionKeys: [partitionKey(version)],
    files: PARQUET_FILES,
    location: prefix,
    parameters: {
      [OWNED]: lake,
      'hindcast.view': version.view,
      'hindcast.version': version.version,
      'hindcast.definition': definitionHash(published),
      ...(run !== undefined && { 'hindcast.run': run }),
      ...projected(`${prefix}dt=\${dt}/`, timeProjection('dt', { grain: version.grain, first })),
    },
  })
}

/**
 * The table of all versions, `v` being their partition key. It has the columns of the published version and those that others have
 * besides. One table has one grain and one type per column: what does not fit is left out and named.
 */
export function historyTable(view: TabledView): { readonly table: GlueTable; readonly notes: readonly string[] } {
  const { lake, published } = view
  const { view: name, grain } = published.version
  const versions = view.versions.filter(({ version }) => version.grain === grain)
  const { columns, conflicting } = unitedColumns([published, ...versions])
  const prefix = `${lake}/features/${name}/`
  const names = versions.map(({ version }) => version.version).sort()
  const table = glueTable({
    name: historyName(name),
    description: `All versions of ${name}. ${published.settings.description}`,
    columns,
    partitionKeys: [glueColumn('v', 'string', 'version'), partitionKey(published.version)],
    files: PARQUET_FILES,
    location: prefix,
    parameters: {
      [OWNED]: lake,
      'hindcast.view': name,
      'hindcast.version': published.version.version,
      ...projected(
        `${prefix}v=\${v}/dt=\${dt}/`,
        enumProjection('v', names),
        timeProjection('dt', { grain, first: versions.map(({ first }) => first).sort()[0] ?? published.first }),
      ),
    },
  })
  const others = view.versions.filter((one) => !versions.includes(one)).map(({ version }) => version)
  const notes = [
    ...conflicting.map((column) => `table ${table.Name} has no column ${column}: its type is not the same in all versions`),
    ...others.map(({ version, grain: other }) => `table ${table.Name} has no version ${version}: its grain is ${other}, not ${grain}`),
  ]
  return { table, notes }
}

/** Bytes that columns take in the table of a view, with their comments. Those of types that Athena cannot hold count with their names. */
export function columnBytes(schema: readonly OutputColumn[], comments: Readonly<Record<string, string>>): number {
  const columns = schema.map(({ name, type }) => {
    const bridged = bridgeType(type)
    return glueColumn(name, bridged.kind === 'held' ? bridged.glue : '', comments[name])
  })
  return Buffer.byteLength(JSON.stringify(columns))
}

/** Changes whenever the definition does, also where its values stay the same. */
export function definitionHash({ version, settings }: Feature): string {
  return hashOf([version.version, canonicalJson(settings)])
}

/** Columns as they lie in the file: the entity, `feature_time`, then the rest in the order of the SQL. */
function fileColumns({ entity, schema }: ViewVersion): OutputColumn[] {
  const keys = entity.flatMap((name) => schema.find((column) => column.name === name) ?? [])
  const rest = schema.filter(({ name }) => !entity.includes(name))
  return [...keys, { name: 'feature_time', type: 'TIMESTAMP WITH TIME ZONE' }, ...rest]
}

const FEATURE_TIME = 'the end of the partition, UTC: the row tells of the entity as of then'

function columnOf({ name, type }: OutputColumn, comments: Readonly<Record<string, string>>): GlueColumn {
  const bridged = bridgeType(type)
  if (bridged.kind === 'refused') throw new InternalError(`a column of type ${type} was registered`, { column: name })
  return glueColumn(name, bridged.glue, comments[name] ?? (name === 'feature_time' ? FEATURE_TIME : undefined))
}

function partitionKey({ grain, zone }: ViewVersion): GlueColumn {
  return glueColumn('dt', 'string', `${grain} in ${zone}`)
}

/** The first feature's columns, comments and order win; a column of two types is none. */
function unitedColumns(features: readonly Feature[]): { readonly columns: GlueColumn[]; readonly conflicting: string[] } {
  const columns = new Map<string, GlueColumn>()
  const conflicting = new Set<string>()
  for (const { version, settings } of features) {
    for (const column of fileColumns(version).map((one) => columnOf(one, settings.columns))) {
      const known = columns.get(column.Name)
      if (!known) columns.set(column.Name, column)
      else if (known.Type !== column.Type) conflicting.add(column.Name)
    }
  }
  return { columns: [...columns.values()].filter(({ Name }) => !conflicting.has(Name)), conflicting: [...conflicting] }
}
