import { Calendar } from '../model/partition.ts'
import { zoneNamed } from '../model/zone.ts'

/** Days of sample data that `hindcast init` writes. */
export const SAMPLE_DAYS = 45
const CUSTOMERS = 40
const PAYMENTS_PER_DAY = 60
const DAY_MS = 86_400_000
const METHODS = ['card', 'card', 'wallet', 'transfer', null] as const

/** One folder of the sample: its name and its payments, in order of time. */
export interface SampleDay {
  readonly name: string
  readonly lines: readonly string[]
}

/** The newest days before the one that holds `now` (UTC). The same clock gives the same payments: nothing is random. */
export function samplePayments(now: number): SampleDay[] {
  const calendar = new Calendar('day', zoneNamed('UTC'))
  const today = calendar.indexAt(now)
  return Array.from({ length: SAMPLE_DAYS }, (_, day) => {
    const { name, start } = calendar.partition(today - SAMPLE_DAYS + day)
    return { name, lines: paymentsOf(day, start) }
  })
}

function paymentsOf(day: number, start: number): string[] {
  return Array.from({ length: PAYMENTS_PER_DAY }, (_, number) => {
    const draw = drawer(day * 1000 + number)
    const customer = draw(CUSTOMERS)
    const failed = draw(12) === 0
    return JSON.stringify({
      id: `p${day * PAYMENTS_PER_DAY + number + 1}`,
      paid_at: new Date(start + Math.floor(((number + draw(100) / 100) * DAY_MS) / PAYMENTS_PER_DAY)).toISOString(),
      customer: `c${String(customer).padStart(2, '0')}`,
      country: customer % 3 === 0 ? 'FR' : 'DE',
      // A payment that failed has no amount; some have no method.
      amount: failed ? null : (draw(9000) + 500) / 100,
      method: METHODS[draw(METHODS.length)] ?? null,
    })
  })
}

/** Whole numbers below a limit that follow from the seed alone (the mixing steps of xorshift32). */
function drawer(seed: number): (below: number) => number {
  let state = (Math.imul(seed + 1, 0x9e3779b1) | 1) >>> 0
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
