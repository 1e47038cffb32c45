import type { Feature } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import type { InputFolder, PartitionInputs } from './bound-input.ts'
import type { PlannedTask } from './planned-task.ts'
import { secondsOf } from './work.ts'

/** One partition that a plan computes, or may compute. */
export interface PlannedPartition {
  readonly partition: Partition
  readonly inputs: PartitionInputs
  readonly maybe: boolean
}

/** Partitions that need nothing between two that do: below this many, one task goes over them. */
const BRIDGED_MAX = 24

/** Packs a view's partitions, in order of time, into tasks of at most `seconds` of expected work; the newest task comes first. */
export function packTasks(feature: Feature, planned: readonly PlannedPartition[], seconds: number): PlannedTask[] {
  const tasks: PlannedTask[] = []
  let open: Packing | undefined
  for (const one of planned) {
    if (open && (open.seconds >= seconds || !open.isNear(one))) {
      tasks.push(open.task(feature))
      open = undefined
    }
    open ??= new Packing(one)
    open.add(one)
  }
  if (open) tasks.push(open.task(feature))
  return tasks.reverse()
}

/** A task that is being filled. */
class Packing {
  readonly #first: Partition
  readonly #fetched = new Set<InputFolder>()
  #last: Partition
  #partitions = 0
  #maybe = 0
  #bytes = 0
  #objects = 0
  #scanned = 0

  constructor(first: PlannedPartition) {
    this.#first = first.partition
    this.#last = first.partition
  }

  get seconds(): number {
    return secondsOf({ partitions: this.#partitions + this.#maybe, scanned: this.#scanned }, 'high')
  }

  isNear({ partition }: PlannedPartition): boolean {
    const length = this.#last.end - this.#last.start
    return partition.start - this.#last.end <= length * BRIDGED_MAX
  }

  add({ partition, inputs, maybe }: PlannedPartition): void {
    this.#last = partition
    if (maybe) this.#maybe++
    else this.#partitions++
    for (const input of inputs.inputs) {
      for (const folder of input.folders) {
        this.#scanned += folder.bytes
        if (this.#fetched.has(folder)) continue
        this.#fetched.add(folder)
        this.#bytes += folder.bytes
        this.#objects += folder.objects.length
      }
    }
  }

  task({ version }: Feature): PlannedTask {
    return {
      view: version.view,
      version: version.version,
      first: this.#first.name,
      last: this.#last.name,
      partitions: this.#partitions,
      maybe: this.#maybe,
      bytes: this.#bytes,
      objects: this.#objects,
      scanned: this.#scanned,
    }
  }
}
