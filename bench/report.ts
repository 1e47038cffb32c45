import { renderTable } from '../lib/cli/table.ts'

/** One measured number against its limit; `ratio` is value / limit, so 1 and below holds. */
export interface Measurement {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly limit: number
  readonly ratio: number
}

export function measurement(name: string, value: number, unit: string, limit: number): Measurement {
  return { name, value: rounded(value), unit, limit, ratio: rounded(value / limit) }
}

export function renderMeasurements(all: readonly Measurement[]): string {
  const rows = all.map(({ name, value, unit, limit, ratio }) => [name, String(value), unit, String(limit), String(ratio)])
  return renderTable(['name', 'value', 'unit', 'limit', 'ratio'], rows)
}

/** The middle of the numbers, which other work on the machine moves least. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
