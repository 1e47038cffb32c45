import type { MeasureName } from '../lib/model/measures.ts'
import type { LogEvent } from '../lib/pipeline/effects.ts'

/** Figures of one view. */
export interface Measured {
  readonly view: string
  readonly values: Readonly<Partial<Record<MeasureName, number>>>
}

const COUNTED: Readonly<Record<string, MeasureName>> = {
  written: 'PartitionsWritten',
  confirmed: 'PartitionsConfirmed',
  rejected: 'PartitionsRejected',
}

/** What an event adds to the figures of its view; most add nothing. A refused partition has no rows and bytes of its own. */
export function measure(event: LogEvent): Measured | undefined {
  const { view } = event
  if (typeof view !== 'string') return undefined
  if (event.event === 'newest') return { view, values: numbers({ NewestAge: event.ageSeconds }) }
  const counted = event.event === 'partition' ? COUNTED[String(event.result)] : undefined
  if (!counted) return undefined
  return { view, values: numbers({ [counted]: 1, Rows: event.rows, Bytes: event.bytes, Duration: event.ms }) }
}

function numbers(values: Readonly<Partial<Record<MeasureName, unknown>>>): Partial<Record<MeasureName, number>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value === 'number'))
}
