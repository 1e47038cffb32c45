import { createHash } from 'node:crypto'

/** One caller of the store: a worker, a sweep, a run. A dead one's calls never end. */
export class Actor {
  readonly name: string
  readonly seq: number
  /** Chance of being stepped when drawn: slow ones hold what they have seen for long. */
  readonly weight: number
  dead = false
  /** Calls of this actor so far. */
  calls = 0
  #ids = 0

  constructor(name: string, seq: number, seed: number) {
    this.name = name
    this.seq = seq
    const slow = isOnOneObject(seed) ? { share: 0.5, weight: 0.03 } : { share: 0.33, weight: 0.15 }
    this.weight = fraction(seed, name) < slow.share ? slow.weight : 1
  }

  newId(): string {
    return `${this.name.replaceAll(/[^a-z0-9]/g, '-')}-${++this.#ids}`
  }
}

/** Schedules in which workers of one object meet, some of them far slower than the others. */
export function isOnOneObject(seed: number): boolean {
  return fraction(seed, 'one object') < 0.2
}

/** A number in [0, 1) that follows from a seed and a name, whenever it is asked for. */
export function fraction(seed: number, name: string): number {
  return createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE() / 4294967296
}

/** A call that waits to be performed. */
export interface PendingCall {
  readonly actor: Actor
  readonly label: string
  /** Its answer can be lost: the call is done, and retried by the client. */
  readonly conditional: boolean
  perform(lose: boolean): Promise<void>
}

/**
 * Holds every call to the outside until it is chosen, one at a time, when nothing else moves any more. The order of what is pending
 * does not depend on the order in which local disk or engine answered, so a seed replays.
 */
export class Scheduler {
  #pending: PendingCall[] = []
  #inFlight = 0
  /** Calls are performed at once: for what runs alone. */
  direct = false

  get pending(): readonly PendingCall[] {
    return this.#pending
  }

  async call<T>(
    actor: Actor,
    call: { readonly label: string; readonly conditional?: boolean },
    perform: (lose: boolean) => Promise<T>,
  ): Promise<T> {
    if (actor.dead) return new Promise<never>(() => undefined)
    actor.calls++
    if (this.direct) return perform(false)
    return new Promise<T>((resolve, reject) => {
      const run = async (lose: boolean) => this.busy(perform(lose)).then(resolve, reject)
      this.#pending.push({ actor, label: call.label, conditional: call.conditional ?? false, perform: run })
    })
  }

  /** Counts work outside of the store, of the engine, as something that moves. */
  async busy<T>(work: Promise<T>): Promise<T> {
    this.#inFlight++
    try {
      return await work
    } finally {
      this.#inFlight--
    }
  }

  take(call: PendingCall): void {
    this.#pending = this.#pending.filter((one) => one !== call)
  }

  kill(actor: Actor): void {
    actor.dead = true
    this.#pending = this.#pending.filter((one) => one.actor !== actor)
  }

  /** Returns when every actor waits for a call of the store or has ended. */
  async settle(): Promise<void> {
    for (let still = 0; still < 2; ) {
      await new Promise(setImmediate)
      still = this.#inFlight === 0 ? still + 1 : 0
    }
    this.#pending.sort((a, b) => a.actor.seq - b.actor.seq || (a.label < b.label ? -1 : a.label > b.label ? 1 : 0))
  }
}
