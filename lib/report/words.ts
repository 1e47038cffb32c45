import prettyBytes from 'pretty-bytes'
import prettyMs from 'pretty-ms'

/** An amount of a bill's line in its unit. */
export function amount(value: number, unit: string): string {
  if (unit === 'bytes') return prettyBytes(value)
  const digits = value < 10 && !Number.isInteger(value) ? 2 : 0
  return `${value.toLocaleString('en-US', { maximumFractionDigits: digits })} ${spokenUnit(unit)}`
}

/** No line breaks inside it. */
export function spokenUnit(unit: string): string {
  return unit.replace('-', '\u2011')
}

/** Dollars with two digits that say something: `$12.34`, `$0.0031`, `$0.0000048`. */
export function dollars(value: number): string {
  if (value === 0) return '$0'
  const digits =
    value >= 0.1 ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { minimumSignificantDigits: 2, maximumSignificantDigits: 2 }
  return `$${value.toLocaleString('en-US', digits)}`
}

export function long(ms: number): string {
  return prettyMs(ms, { unitCount: 2 })
}

/** `2001-03-04 17:00 UTC` of an ISO time. */
export function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

/** `warming up` of `warming_up`. */
export function spoken(state: string): string {
  return state.replaceAll('_', ' ')
}

export { default as prettyBytes } from 'pretty-bytes'
