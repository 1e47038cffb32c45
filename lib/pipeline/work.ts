import { addWork, NO_WORK, type Work } from '../model/price.ts'
import { GATE_PARTITIONS, TRIAL_PARTITIONS } from './gate-choice.ts'
import type { PlannedTask } from './planned-task.ts'

/**
 * Expected work, low and high. The figures were measured on 3,000,000 flights, where a day of a 7-day view took 10 ms on one core and
 * read 40 MB/s of Parquet or more; a function with cold starts and S3 between takes several times that.
 */
export const SECONDS_PER_PARTITION = { low: 0.02, high: 0.25 }
const BYTES_PER_SECOND = { low: 80e6, high: 20e6 }
export const SECONDS_PER_TASK = { low: 0.2, high: 3 }
const LANDING_BYTES_PER_SECOND = { low: 20e6, high: 5e6 }
/** Beside one per input object: receipts, and what changed meanwhile. */
export const GETS_PER_TASK = 3
/** Output size where nothing is known of the view yet. */
export const OUTPUT_BYTES = { low: 5e3, high: 200e3 }

export type Bound = 'low' | 'high'

export function secondsOf(task: { readonly partitions: number; readonly scanned: number }, bound: Bound): number {
  return task.partitions * SECONDS_PER_PARTITION[bound] + task.scanned / BYTES_PER_SECOND[bound]
}

/** Work of one task; what may turn out to be fresh counts in the high bound only. `outputBytes` is what a partition is known to take. */
export function workOfTask(task: PlannedTask, bound: Bound, outputBytes?: number): Work {
  const partitions = bound === 'low' ? task.partitions : task.partitions + task.maybe
  const share = task.partitions + task.maybe === 0 ? 0 : partitions / (task.partitions + task.maybe)
  return {
    partitions,
    tasks: 1,
    retries: 0,
    verifySeconds: 0,
    lostSeconds: 0,
    computeSeconds: SECONDS_PER_TASK[bound] + secondsOf({ partitions, scanned: task.scanned * share }, bound),
    bytesRead: task.bytes * share,
    bytesWritten: partitions * (outputBytes ?? OUTPUT_BYTES[bound]),
    gets: Math.ceil(task.objects * share) + GETS_PER_TASK,
    // An output and its receipt; the listings of a task cost as much as a put each.
    puts: partitions * 2 + 6,
  }
}

/** Landing one object: it is fetched, its pieces, an intent and a receipt are put. */
export function workOfLanding(landings: { readonly objects: number; readonly bytes: number }, bound: Bound): Work {
  const pieces = bound === 'low' ? 1 : 6
  return {
    partitions: 0,
    tasks: landings.objects,
    retries: 0,
    verifySeconds: 0,
    lostSeconds: 0,
    computeSeconds: landings.objects * SECONDS_PER_PARTITION[bound] + landings.bytes / LANDING_BYTES_PER_SECOND[bound],
    bytesRead: landings.bytes,
    bytesWritten: landings.bytes,
    gets: landings.objects * (1 + pieces),
    puts: landings.objects * (2 + pieces + 2),
  }
}

/** What one partition reads. */
export interface PartitionReads {
  readonly objects: number
  readonly bytes: number
}

/** Receipts by which the gate finds what live wrote of a view, and what it reads of the registry. */
const GETS_PER_GATED_VIEW = 45
/** Of what is compared: both outputs. */
const GETS_PER_COMPARED = 2
/** Listings of a gated view, and of one run of adjacent partitions that is compared: outputs, and each input twice. */
const LISTS_PER_GATED_VIEW = 10
const LISTS_PER_COMPARED = 4

/**
 * Comparing before the run: nothing where live wrote nothing of a view, at most what the gate and the trial of a new version choose of it.
 * Each of their partitions is taken to read what the view's newest one does.
 */
export function workOfGate(newest: readonly PartitionReads[], bound: Bound): Work {
  if (bound === 'low') return NO_WORK
  const partitions = GATE_PARTITIONS + TRIAL_PARTITIONS
  return newest
    .map(({ objects, bytes }) => ({
      ...NO_WORK,
      verifySeconds: SECONDS_PER_TASK.high + secondsOf({ partitions, scanned: partitions * bytes }, bound),
      bytesRead: partitions * (bytes + GETS_PER_COMPARED * OUTPUT_BYTES.high),
      gets: GETS_PER_GATED_VIEW + partitions * (objects + GETS_PER_COMPARED),
      puts: LISTS_PER_GATED_VIEW + partitions * LISTS_PER_COMPARED,
    }))
    .reduce(addWork, NO_WORK)
}
