import type { ObjectStore } from '../../lib/lake/object-store.ts'

/** A call to the store that waits for its turn; what it gives tells when it was done. */
type Waiting = () => Promise<unknown>

/**
 * Lets acts over one store take turns: the first does so many calls, then the second so many, and so on round; once the lengths are used
 * up each goes on to its end. A handful of changes of turn finds most races, and every schedule replays from its lengths.
 */
export class Turns {
  readonly #actors: Actor[] = []

  /** The store as one more actor sees it. */
  actor(store: ObjectStore): ObjectStore {
    const actor = new Actor()
    this.#actors.push(actor)
    return actor.over(store)
  }

  /** Runs the acts of the actors, in the order in which those were made. */
  async run<T>(acts: readonly Promise<T>[], lengths: readonly number[]): Promise<PromiseSettledResult<T>[]> {
    for (const [at, act] of acts.entries()) {
      const end = () => this.#actors[at]?.end()
      act.then(end, end)
    }
    const left = [...lengths]
    for (let at = 0; this.#actors.some((actor) => !actor.ended); at++) {
      await this.#actors[at % this.#actors.length]?.go(left.shift() ?? Number.POSITIVE_INFINITY)
    }
    return Promise.allSettled(acts)
  }
}

class Actor {
  ended = false
  readonly #waiting: Waiting[] = []
  #changed: () => void = () => undefined

  end(): void {
    this.ended = true
    this.#changed()
  }

  /** Does up to so many calls, one after the other. */
  async go(calls: number): Promise<void> {
    for (let done = 0; done < calls && !this.ended; ) {
      const next = this.#waiting.shift()
      if (next) {
        await next()
        done++
      } else {
        await new Promise<void>((resolve) => {
          this.#changed = resolve
        })
      }
    }
  }

  over(store: ObjectStore): ObjectStore {
    return {
      location: store.location,
      put: (...args) => this.#turn(() => store.put(...args)),
      get: (...args) => this.#turn(() => store.get(...args)),
      getRange: (...args) => this.#turn(() => store.getRange(...args)),
      download: (...args) => this.#turn(() => store.download(...args)),
      head: (...args) => this.#turn(() => store.head(...args)),
      delete: (...args) => this.#turn(() => store.delete(...args)),
      list: (options) => this.#pages(store.list(options)),
      listNames: (prefix) => this.#pages(store.listNames(prefix)),
    }
  }

  async *#pages<T>(all: AsyncIterable<T>) {
    const pages = all[Symbol.asyncIterator]()
    for (;;) {
      const page = await this.#turn(() => pages.next())
      if (page.done) return
      yield page.value
    }
  }

  #turn<T>(call: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => call().then(resolve, reject))
      this.#changed()
    })
  }
}
