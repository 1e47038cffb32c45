/**
 * The state of one output partition, decided from what two listings say: of the outputs first, of the inputs after. Pure: the planner,
 * transform, the sweep and `status` all ask here.
 */

/** What a partition's inputs say before its output is looked at. */
export type Readiness =
  | { readonly kind: 'ready' }
  /** Not ended, or a marker or grace is awaited. */
  | { readonly kind: 'pending'; readonly reason: string }
  /** Raw data or an upstream partition is not there and nothing says that it may be; `remedy` is the line to write or to type. */
  | { readonly kind: 'blocked'; readonly reason: string; readonly remedy: string }
  /** Needs folders that are older than the source keeps. */
  | { readonly kind: 'expired'; readonly reason: string; readonly remedy: string }
  /** The window reaches before the start of a source, and the view skips such partitions. */
  | { readonly kind: 'warming_up'; readonly reason: string }

/** `_receipt.1.<fingerprint>.<engine>.<sha256>.<etag>`, read. */
export interface ReceiptName {
  readonly fingerprint: string
  readonly engine: string
  readonly sha256: string
  readonly etag: string
}

/** What stands at one output partition. */
export interface OutputFacts {
  readonly output?: { readonly etag: string; readonly size: number }
  readonly receipts: readonly ReceiptName[]
  readonly rejected: readonly { readonly fingerprint: string; readonly rules: string }[]
}

export type State =
  | { readonly kind: 'fresh' | 'aged' | 'missing' | 'stale' | 'shrunk' }
  /** The reason stands in the mark beside the output, for those who read it. */
  | { readonly kind: 'rejected'; readonly reason?: string }
  | { readonly kind: 'kept' | 'pending' | 'warming_up'; readonly reason: string }
  | { readonly kind: 'blocked'; readonly reason: string; readonly remedy: string }

export type StateKind = State['kind']

export const STATE_KINDS: readonly StateKind[] = [
  'fresh',
  'missing',
  'stale',
  'aged',
  'kept',
  'blocked',
  'pending',
  'warming_up',
  'rejected',
  'shrunk',
]

export interface StateQuestion {
  readonly facts: OutputFacts
  readonly readiness: Readiness
  /** Fingerprint of the inputs as they are now. */
  readonly fingerprint: string
  readonly engine: string
  readonly rules: string
  /** Whether inputs that the receipt names vanished and nothing came; asked only where the answer matters. */
  readonly vanished: boolean
  /** The request accepts inputs that are expired or missing, for outputs that do not exist. */
  readonly missingInputs: 'block' | 'allow'
}

/** Decides the state; the first rule that applies holds. */
export function decideState(question: StateQuestion): State {
  const { facts, readiness } = question
  const exists = facts.output !== undefined
  if (readiness.kind === 'pending') return readiness
  if (readiness.kind === 'warming_up') return readiness
  if (readiness.kind === 'expired' && exists) return { kind: 'kept', reason: readiness.reason }
  if (readiness.kind !== 'ready' && question.missingInputs === 'block') {
    return exists && question.vanished ? { kind: 'shrunk' } : { ...readiness, kind: 'blocked' }
  }
  const receipt = matchingReceipt(facts, question.fingerprint, question.engine)
  if (receipt) return { kind: receipt.engine === question.engine ? 'fresh' : 'aged' }
  if (facts.rejected.some((mark) => mark.fingerprint === question.fingerprint && mark.rules === question.rules)) return { kind: 'rejected' }
  if (!exists) return { kind: 'missing' }
  return { kind: question.vanished ? 'shrunk' : 'stale' }
}

/** The receipt that certifies the present object for this fingerprint, one of our own engine build first. */
export function matchingReceipt(facts: OutputFacts, fingerprint: string, engine: string): ReceiptName | undefined {
  const matching = facts.receipts.filter((receipt) => receipt.fingerprint === fingerprint && receipt.etag === facts.output?.etag)
  return matching.find((receipt) => receipt.engine === engine) ?? matching[0]
}

/** Which states a request computes beyond nothing: each choice includes `missing`. */
export const REPROCESS = ['none', 'stale', 'failed', 'engine', 'all'] as const
export type Reprocess = (typeof REPROCESS)[number]

const COMPUTED: Record<Reprocess, readonly StateKind[]> = {
  none: ['missing'],
  stale: ['missing', 'stale'],
  failed: ['missing', 'stale', 'rejected'],
  engine: ['missing', 'stale', 'aged'],
  all: ['missing', 'stale', 'rejected', 'aged', 'shrunk', 'fresh'],
}

/** Whether a request with this `reprocess` computes a partition in this state. */
export function isComputed(state: StateKind, reprocess: Reprocess): boolean {
  return COMPUTED[reprocess].includes(state)
}
