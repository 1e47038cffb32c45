import type { InputBinding, ViewVersion } from './catalog.ts'
import { canonicalJson, hashOf } from './hash.ts'
import { renderWindow } from './window.ts'

/**
 * The version of a view: 12 hex over everything that decides its values and nothing else. `canonicalSql` is the SQL's tokens, so
 * comments and spacing do not count; of a source only the columns that the SQL reads count, of a view its version.
 */
export function versionOf(view: Omit<ViewVersion, 'version' | 'schema' | 'sql' | 'format' | 'view'>, canonicalSql: string): string {
  return hashOf(
    [
      canonicalSql,
      canonicalJson(view.entity),
      view.grain,
      view.zone,
      view.warmUp,
      canonicalJson([...view.inputs].map(visiblePart).sort((a, b) => (a.name < b.name ? -1 : 1))),
    ],
    12,
  )
}

function visiblePart(binding: InputBinding) {
  const { name, window } = binding
  if (binding.kind === 'view') return { name, window: renderWindow(window), version: binding.version }
  const columns = [...binding.columns].sort((a, b) => (a.name < b.name ? -1 : 1))
  const { kind, csv } = binding.format
  return { name, window: renderWindow(window), columns, eventTime: binding.eventTime ?? null, decoding: { kind, csv: csv ?? null } }
}
