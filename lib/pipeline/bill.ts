/**
 * The bill of a run: the lines of its quote, with what was counted, and in words why a line is not what was quoted. Counted are the
 * tasks of the map and the planner; the few transitions of the workflow itself are in neither quote nor bill.
 */
import prettyBytes from 'pretty-bytes'
import { addRequests, NO_REQUESTS, type Requests } from '../lake/counting-store.ts'
import { type BilledLine, billOf, FUNCTION_GB, FUNCTION_SECONDS_MAX, type PriceTable, type Quote, type Work } from '../model/price.ts'
import { count, grouped } from '../model/words.ts'
import type { Gate } from './gate.ts'
import type { Tally } from './run-tally.ts'
import type { Spent } from './run-task.ts'
import { GETS_PER_TASK, OUTPUT_BYTES, SECONDS_PER_PARTITION, SECONDS_PER_TASK } from './work.ts'

/** One line of a bill beside its line of the quote. */
export interface BillLine extends BilledLine {
  readonly low: number
  readonly high: number
  readonly lowUsd: number
  readonly highUsd: number
  /** What makes the difference, in words; empty where nothing does. */
  readonly why: readonly string[]
}

export interface Bill {
  readonly date: string
  readonly region: string
  readonly lines: readonly BillLine[]
  readonly usd: number
  readonly lowUsd: number
  readonly highUsd: number
}

export interface BillFacts {
  readonly quote: Quote
  readonly prices: PriceTable
  /** Partitions that were planned, and that may turn out to need nothing. */
  readonly partitions: number
  readonly maybe: number
  readonly tally: Tally
  /** What planning took. */
  readonly planning: Spent
  /** Requests of the run itself: its plan, tasks and results, and its claims. */
  readonly own: Requests
  /** What was compared before the run, and what that took. */
  readonly gate?: Gate
}

/** The bill, by the lines of the quote and in their order. */
export function makeBill(facts: BillFacts): Bill {
  const { quote, prices } = facts
  const lines = billOf(workOf(facts), prices).map((billed): BillLine => {
    const quoted = quote.lines.find(({ line }) => line === billed.line)
    const { low = 0, high = 0, lowUsd = 0, highUsd = 0 } = quoted ?? {}
    return { ...billed, low, high, lowUsd, highUsd, why: WHY[billed.line](facts) }
  })
  return {
    date: quote.date,
    region: quote.region,
    lines,
    usd: lines.reduce((sum, { usd }) => sum + usd, 0),
    lowUsd: quote.lowUsd,
    highUsd: quote.highUsd,
  }
}

/** S3 prices a HEAD as a GET and a LIST as a PUT, and a DELETE is free (https://aws.amazon.com/s3/pricing). */
function workOf({ tally, planning, own, gate }: BillFacts): Work {
  const all = [planning.requests, own, gate?.spent?.requests ?? NO_REQUESTS].reduce(addRequests, tally.spent.requests)
  return {
    partitions: computedOf(tally),
    tasks: ended(tally),
    retries: tally.tries.lost - tally.failed,
    computeSeconds: (tally.spent.ms + planning.ms) / 1000,
    verifySeconds: (gate?.spent?.ms ?? 0) / 1000,
    lostSeconds: tally.tries.lostMs / 1000,
    bytesRead: all.bytesRead,
    bytesWritten: all.bytesWritten,
    gets: all.gets + all.heads,
    puts: all.puts + all.lists,
  }
}

type Why = (facts: BillFacts) => string[]

const WHY: Readonly<Record<BilledLine['line'], Why>> = {
  'lambda compute': (facts) => [...whyLessWork(facts), ...whyDurations(facts), ...whyFailed(facts), ...whyPlanning(facts)],
  'lambda lost attempts': whyLost,
  'lambda verification': whyGate,
  'lambda requests': whyTasks,
  'step functions': whyTasks,
  's3 get': (facts) => [...whyLessWork(facts), ...whyGets(facts)],
  's3 put and list': (facts) => [...whyLessWork(facts), ...whyPuts(facts)],
  's3 read': (facts) => [...whyLessWork(facts), ...whyRead(facts)],
  's3 storage, first month': (facts) => [...whyLessWork(facts), ...whyStored(facts)],
}

/** Planned work that was not done. */
function whyLessWork(facts: BillFacts): string[] {
  const { outcomes, notLanded } = facts.tally
  const left = Object.entries(outcomes).filter(([result, amount]) => !COMPUTED.includes(result) && result !== 'fresh' && amount > 0)
  return [
    ...(outcomes.fresh ? [`${count(outcomes.fresh, 'partition')} turned out to be fresh and needed nothing`] : []),
    ...left.map(([result, amount]) => `${count(amount, 'partition')} stayed ${result.replace('_', ' ')}`),
    ...(notLanded > 0 ? [`${count(notLanded, 'object')} needed no landing`] : []),
    ...whyTasks(facts),
  ]
}

function whyTasks({ tally }: BillFacts): string[] {
  const planned = tally.levels.reduce((sum, { tasks }) => sum + tasks, 0)
  const unstarted = planned - ended(tally)
  return unstarted > 0 ? [`${grouped(unstarted)} of ${count(planned, 'task')} did not end`] : []
}

function whyFailed({ tally }: BillFacts): string[] {
  const counted = tally.tries.lost - tally.tries.uncounted
  return counted > 0 ? [`with ${count(counted, 'attempt')} that failed or ran out of time`] : []
}

/** Nobody counted what these took: an estimate, and the most that it can have been. */
function whyLost({ tally }: BillFacts): string[] {
  const { uncounted } = tally.tries
  if (uncounted === 0) return []
  const most = (uncounted * FUNCTION_SECONDS_MAX * FUNCTION_GB).toLocaleString('en-US')
  return [
    `${count(uncounted, 'attempt')} failed, died or ${uncounted === 1 ? 'was' : 'were'} cut off without a count; estimated by the receipts that they left, and by the time limit of those that met it; at most ${most} GB-s`,
  ]
}

/** Partitions and tasks took other times than the quote allows for. */
function whyDurations({ tally }: BillFacts): string[] {
  const done = tally.levels.reduce((sum, level) => sum + level.done, 0)
  const computed = computedOf(tally)
  if (done === 0) return []
  const each = computed > 0 ? `, of it ${time(tally.computeMs / computed)} a partition to read and compute` : ''
  const quoted = `${range(SECONDS_PER_PARTITION, (s) => time(s * 1000))} a partition and ${range(SECONDS_PER_TASK, (s) => time(s * 1000))} to start a task`
  return [`${count(done, 'task')} took ${time(tally.spent.ms)} of ${FUNCTION_GB} GB${each}; the quote allows ${quoted}`]
}

function time(ms: number): string {
  const [value, unit] = ms < 1000 ? [ms, 'ms'] : [ms / 1000, 's']
  const rounded = Number(value.toPrecision(3))
  return `${Number.isInteger(rounded) ? grouped(rounded) : rounded} ${unit}`
}

function whyPlanning({ planning }: BillFacts): string[] {
  return planning.ms > 0 ? [`planning took ${time(planning.ms)} more, which the quote leaves out`] : []
}

function whyGate({ gate }: BillFacts): string[] {
  if (!gate?.spent) return []
  const compared = gate.views.reduce((sum, view) => sum + view.compared, 0)
  const tried = gate.trials.reduce((sum, { partitions }) => sum + partitions.length, 0)
  return [
    `${count(compared, 'partition')} that live wrote${tried > 0 ? `, and ${tried} of new versions,` : ''} ${compared + tried === 1 ? 'was' : 'were'} computed again before the run`,
  ]
}

/** Requests of the gate, which the quote has up to what it may compare. */
function whyGateAsked({ gate }: BillFacts, pick: (requests: Requests) => number): string[] {
  const made = gate?.spent ? pick(gate.spent.requests) : 0
  return made > 0 ? [`${count(made, 'request')} by the gate`] : []
}

function whyGets(facts: BillFacts): string[] {
  const { planning, own, tally, maybe } = facts
  const { heads } = tally.spent.requests
  const planned = planning.requests.gets + planning.requests.heads + own.gets + own.heads
  return [
    `the tasks made ${count(tally.spent.requests.gets, 'GET')}; the quote has each input object once per task, and ${GETS_PER_TASK} more`,
    ...(maybe > 0 ? [WRITTEN_MEANWHILE] : []),
    ...(heads > 0 ? [`${count(heads, 'look')} at single objects (HEAD) cost as much as a GET each`] : []),
    ...(planned > 0 ? [`${count(planned, 'request')} by the planner, which the quote leaves out`] : []),
    ...whyGateAsked(facts, (all) => all.gets + all.heads),
  ]
}

function whyPuts(facts: BillFacts): string[] {
  const { planning, own, tally } = facts
  const { requests } = tally.spent
  return [
    `the tasks made ${count(requests.puts, 'PUT')} and ${count(requests.lists, 'LIST')}`,
    ...(tally.outcomes.confirmed ? [whyConfirmed(tally.outcomes.confirmed)] : []),
    `the planner made ${count(planning.requests.lists, 'LIST')}, which the quote leaves out`,
    ...whyGateAsked(facts, (all) => all.puts + all.lists),
    ...(own.puts > 0 ? [`the run's own files took ${count(own.puts, 'PUT')}, which the quote leaves out`] : []),
  ]
}

function whyRead({ tally, maybe, planning, own, gate }: BillFacts): string[] {
  const fetched = tally.spent.requests.bytesRead
  const beside = planning.requests.bytesRead + own.bytesRead
  const compared = gate?.spent?.requests.bytesRead ?? 0
  const scanned = `the queries scanned ${prettyBytes(tally.bytesRead)} of overlapping windows`
  return [
    ...(tally.bytesRead > fetched ? [`${scanned}; inputs were fetched once per task, ${prettyBytes(fetched)}`] : []),
    ...(maybe > 0 ? [WRITTEN_MEANWHILE] : []),
    ...(beside > 0 ? [`${prettyBytes(beside)} by the planner, which the quote leaves out`] : []),
    ...(compared > 0 ? [`${prettyBytes(compared)} by the gate`] : []),
  ]
}

const WRITTEN_MEANWHILE = 'what this run wrote and read again was not there to be counted when it was planned'

function whyStored({ tally, own }: BillFacts): string[] {
  const written = tally.outcomes.written ?? 0
  const beside = tally.spent.requests.bytesWritten - tally.bytes
  const average =
    written > 0 ? `, ${prettyBytes(tally.bytes / written)} each where the quote allows ${range(OUTPUT_BYTES, prettyBytes)}` : ''
  return [
    ...(written > 0 ? [`${count(written, 'output')} of ${prettyBytes(tally.bytes)} in all${average}`] : []),
    ...(tally.outcomes.confirmed ? [whyConfirmed(tally.outcomes.confirmed)] : []),
    ...(beside > 0 ? [`${prettyBytes(beside)} of receipts and of what else the tasks put`] : []),
    ...(own.bytesWritten > 0 ? [`${prettyBytes(own.bytesWritten)} of the run's own files`] : []),
  ]
}

function whyConfirmed(confirmed: number): string {
  return `${count(confirmed, 'output')} came out as they stood, byte for byte, and were not put again`
}

const COMPUTED: readonly string[] = ['written', 'confirmed', 'rejected']

function computedOf({ outcomes }: Tally): number {
  return COMPUTED.reduce((sum, result) => sum + (outcomes[result] ?? 0), 0)
}

function ended({ levels }: Tally): number {
  return levels.reduce((sum, { done, failed }) => sum + done + failed, 0)
}

function range({ low, high }: { readonly low: number; readonly high: number }, render: (value: number) => string): string {
  return `${render(low)} to ${render(high)}`
}
