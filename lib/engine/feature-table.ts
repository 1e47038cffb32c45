import type { OutputColumn, ViewBinding, ViewVersion } from '../model/catalog.ts'
import { relationSchema, relationSql } from './relation.ts'

/** A feature table as its readers see it: SQL of its rows, and its columns with their types there, `feature_time` last. */
export interface FeatureTable {
  readonly relation: string
  readonly columns: readonly OutputColumn[]
}

/** The table that local output files of one version make. */
export function featureTable(version: ViewVersion, files: readonly string[]): FeatureTable {
  const binding = bindingTo(version)
  const objects = files.map((file) => ({
    object: { key: file, file, folderStart: 0, folderEnd: 0, captures: {}, decoded: true, skipped: 0 },
  }))
  return { relation: relationSql({ binding, start: Number.NEGATIVE_INFINITY, end: 0, objects }), columns: relationSchema(binding) }
}

function bindingTo({ view, version, schema, grain, zone }: ViewVersion): ViewBinding {
  return { kind: 'view', name: view, view, version, schema, grain, zone, window: { kind: 'latest' } }
}
