/** Time during which at least one of several calls was under way. */
export class Busy {
  #open = 0
  #since = 0
  #total = 0

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#open++ === 0) this.#since = performance.now()
    try {
      return await work()
    } finally {
      if (--this.#open === 0) this.#total += performance.now() - this.#since
    }
  }

  /** Milliseconds since the last reset. */
  get ms(): number {
    return this.#total
  }

  reset(): void {
    this.#total = 0
  }
}
