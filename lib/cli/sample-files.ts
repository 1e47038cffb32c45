import { type SampleDay, samplePayments } from './sample-payments.ts'

/** Everything that `hindcast init` writes, by path in the new folder; a pure function of the clock. */
export function sampleFiles(now: number): Map<string, string> {
  const days = samplePayments(now)
  return new Map([
    ['README.md', readme(days)],
    ['features/payments.source.yaml', sourceFile(days)],
    ['features/customer_week.sql', CUSTOMER_WEEK],
    ['features/country_active.sql', COUNTRY_ACTIVE],
    ...days.map(({ name, lines }) => [`lake/payments/dt=${name}/payments.jsonl`, `${lines.join('\n')}\n`] as const),
  ])
}

function nameAt(days: readonly SampleDay[], at: number): string {
  return days.at(at)?.name ?? ''
}

function sourceFile(days: readonly SampleDay[]): string {
  return `# A source: raw events with an event time, in folders that are named by time. hindcast reads them and never changes them.
description: Payments of a small shop, one JSON object a line.

# Where the objects lie in the lake. {yyyy}, {MM}, {dd}, {HH} name the folder; any other {name} would be one segment and become a column.
key: payments/dt={yyyy}-{MM}-{dd}/

# parquet, json (one object a line) or csv; .gz and .zst are unpacked. CSV: {type: csv, delimiter: ";", header: true, null: "-"}
format: json

# The column that says when it happened. A whole number needs a unit, {column: ts, unit: ms}; a time without an offset is read in key_zone.
event_time: paid_at

# event_time: a folder holds the rows of its own time. arrival: rows of any time arrive at any time; then each object is landed once, split by event time.
folders: event_time

# Name and type of every column (Parquet brings its own).
columns:
  id: VARCHAR
  paid_at: TIMESTAMPTZ
  customer: VARCHAR
  country: VARCHAR
  amount: DECIMAL(10,2)   # NULL for a payment that failed
  method: VARCHAR         # NULL where the shop does not know

# Before this nothing is expected; views skip the partitions whose window reaches further back (warm_up: compute in the view keeps them).
start: ${nameAt(days, 0)}

# Not used here, with their defaults:
#   key_zone: UTC       the zone in which folders are named
#   gaps: block         a folder without data, once it has ended: block what reads it, or empty: it had no rows
#   wait: 0 minutes     grace after the end of a partition, for stragglers
#   marker: _SUCCESS    an object that says that its folder is complete (none by default)
#   keep: 24 months     older folders count as expired (none by default)
#   bad_rows: fail      or {max_share: 0.01}: up to this share of an object's rows may be unreadable
`
}

const CUSTOMER_WEEK = `/* ---
description: What each customer did in the past seven days.
entity: customer              # at most one row for each per partition
grain: day                    # one partition a day; it describes its end
zone: UTC                     # in which days begin
inputs:
  payments: 7 days            # the SQL sees [end - 7 days, end) of it, and nothing later
available_after: 30 minutes   # a partition counts as known from its end and this on
absent: {payments_7d: 0}      # what a training set says of a customer who is not in it
columns:
  amount_7d: Sum of the amounts of payments that did not fail.
expect:                       # a partition that breaks a rule is not put
  - payments_7d >= failed_7d
  - count(*) > 0
--- */
SELECT customer,
       max(country)                              AS country,
       count(*)                                  AS payments_7d,
       count(*) FILTER (WHERE paid_at >= $start) AS payments_1d,
       count(*) FILTER (WHERE amount IS NULL)    AS failed_7d,
       sum(amount)                               AS amount_7d,
       max(paid_at)                              AS last_payment
FROM payments
GROUP BY customer
`

const COUNTRY_ACTIVE = `/* ---
description: How many customers of each country were active, from customer_week.
entity: country
grain: day
inputs:
  customer_week: 1 day        # another view: its partitions whose end lies in (end - 1 day, end], here the one of the same day
warn:                         # reported, but put
  - customers_7d >= 5
--- */
SELECT country,
       count(*)                                      AS customers_7d,
       count(*) FILTER (WHERE payments_1d > 0)       AS customers_1d,
       sum(amount_7d)                                AS amount_7d
FROM customer_week
GROUP BY country
`

function readme(days: readonly SampleDay[]): string {
  const [first, from, last] = [nameAt(days, 0), nameAt(days, -14), nameAt(days, -1)]
  return `# A lake to try hindcast on

\`features/\` holds the definitions: one source (\`payments\`) and two views (\`customer_week\` reads the source, \`country_active\` reads
\`customer_week\`). \`lake/\` holds ${days.length} days of made-up payments, ${first} to ${last}. Change what you like; these commands work as they are:

    hindcast check
    hindcast preview customer_week --at ${last}
    hindcast preview country_active --at ${last} --where "country = 'DE'"
    hindcast plan country_active --from ${from} --to ${last} --with upstream
    hindcast backfill country_active --from ${from} --to ${last} --with upstream
    hindcast status --from ${from} --to ${last}
    hindcast explain customer_week ${last}
    hindcast live --once

\`preview\` and \`plan\` write nothing. \`live --once\` computes what is missing of the past 30 days. The sample ends at ${last}: of later days
there is no data, so they are blocked, and \`hindcast status\` says so.

To see a repair, add a line to \`lake/payments/dt=${last}/payments.jsonl\`: \`hindcast explain customer_week ${last}\` then says what
changed, and \`hindcast sweep\` computes that partition again.
`
}
