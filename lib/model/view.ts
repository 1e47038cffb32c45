import { Calendar, type Grain } from './partition.ts'
import type { Window } from './window.ts'
import { zoneNamed } from './zone.ts'

/** One relation of a view's SQL: its name there, the source or view behind it, and how far back it reaches. */
export interface ViewInput {
  readonly name: string
  readonly from: string
  readonly window: Window
  /** The line of the definition file on which the input stands, for messages. */
  readonly line?: number
}

/** A feature view as its file says it: a SELECT and a header. Durations are milliseconds unless they are calendar lengths. */
export interface View {
  readonly kind: 'view'
  readonly name: string
  /** The definition file, and the line (from 1) on which its SQL begins, for messages. */
  readonly file: string
  readonly sqlLine: number
  readonly sql: string
  readonly description: string
  readonly owner?: string
  readonly entity: readonly string[]
  readonly grain: Grain
  readonly zone: string
  readonly inputs: readonly ViewInput[]
  readonly availableAfterMs: number
  /** What a training set gives for an entity that is not in the partition, by column; SQL literals are not allowed, plain values are. */
  readonly absent: Readonly<Record<string, string | number | boolean | null>>
  /** How old a row may be that a training set takes for an entity which is not in the newest partition. */
  readonly carryMs?: number
  readonly expect: readonly string[]
  readonly warn: readonly string[]
  readonly columns: Readonly<Record<string, string>>
  /** How far back live repairs by itself. */
  readonly repairMs: number
  readonly warmUp: 'skip' | 'compute'
  readonly nonFinite: 'refuse' | 'allow'
}

export function viewCalendar(view: Pick<View, 'grain' | 'zone'>): Calendar {
  return new Calendar(view.grain, zoneNamed(view.zone))
}
