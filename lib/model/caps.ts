import { InvalidInputError } from './errors.ts'

/** How much of an account's concurrency a lake takes at most: batches of the live queue, and tasks of backfills. */
export interface Caps {
  readonly live: number
  readonly backfill: number
}

/** Lambda keeps this many for functions without a reservation: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const KEPT = 100
/** A new account has 10 or 50 in all. */
const KEPT_SHARE = 0.1

/**
 * Both caps together leave 100 of the account's unreserved executions to all other functions, a tenth where there are fewer than 1,000:
 * what a backfill takes, no one else has.
 * @throws InvalidInputError with the numbers and what to do.
 */
export function requireCaps({ live, backfill }: Caps, unreserved: number): void {
  const kept = Math.min(KEPT, Math.ceil(unreserved * KEPT_SHARE))
  if (live + backfill <= unreserved - kept) return
  throw new InvalidInputError(
    `live ${live} and backfill ${backfill} at a time do not fit the account: of its ${unreserved} unreserved concurrent executions in this region ` +
      `${kept} stay for other functions; expected both together at most ${unreserved - kept}. Lower liveConcurrency (from 2 on) and ` +
      'backfillConcurrency of the FeatureLake, or ask for more at Service Quotas, AWS Lambda, "Concurrent executions"',
  )
}
