import prettyBytes from 'pretty-bytes'
import type { Coverage, KeptVersion, VersionState } from '../pipeline/versions.ts'
import { renderTable } from './table.ts'

/** Runs of missing partitions that are spelled out. */
const GAPS_MAX = 2

/** Kept versions for a person. */
export function renderVersions(found: readonly KeptVersion[]): string {
  if (found.length === 0) return 'nothing is registered; hindcast register freezes the definitions'
  const rows = found.map((one) => [
    one.view,
    one.version,
    renderStates(one),
    one.coverage.first === undefined ? 'none' : `${one.coverage.first}..${one.coverage.last}`,
    one.coverage.partitions.toLocaleString('en-US'),
    renderGaps(one.coverage),
    prettyBytes(one.bytes),
    one.registered?.slice(0, 16).replace('T', ' ') ?? '',
  ])
  return renderTable(['view', 'version', 'state', 'coverage', '>partitions', 'gaps', '>size', 'registered'], rows)
}

function renderStates({ states, readBy }: KeptVersion): string {
  const words = states.map(renderState)
  const onlyRead = (states[0]?.kind === 'old' || states[0]?.kind === 'retired') && readBy.length > 0
  return onlyRead ? `read by ${readBy.join(', ')}` : words.join(', ')
}

function renderState(state: VersionState): string {
  if (state.kind === 'previous') return `previous until ${state.until.slice(0, 10)}`
  if (state.kind === 'pinned') return `pinned${state.reason ? ` (${state.reason})` : ''}`
  if (state.kind === 'dropping') return 'drop begun'
  if (state.kind === 'retired') return `retired ${state.since.slice(0, 10)}`
  return state.kind === 'leftover' ? 'left over' : state.kind
}

function renderGaps({ gaps }: Coverage): string {
  if (gaps.length === 0) return ''
  const missing = gaps.reduce((sum, { partitions }) => sum + partitions, 0)
  const runs = gaps.slice(0, GAPS_MAX).map(({ first, last }) => (first === last ? first : `${first}..${last}`))
  return `${missing}: ${[...runs, ...(gaps.length > GAPS_MAX ? ['...'] : [])].join(', ')}`
}
