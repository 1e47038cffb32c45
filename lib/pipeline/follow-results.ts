/**
 * Follows the results that the tasks of a run leave, while they are left: each file is read once, except that one of a failed try is read
 * again when a later try replaces it.
 */
import pMap from 'p-map'
import { readJson } from '../lake/json-object.ts'
import { runPrefix } from '../lake/keys.ts'
import { listAll, type ObjectInfo, type ObjectStore } from '../lake/object-store.ts'
import { type ResultsFile, requireKeys } from './run-files.ts'
import { RunTally, type Tally } from './run-tally.ts'

const READS_AT_ONCE = 16
/** Files that one look reads at most: whoever joins a large run late sees its figures catch up instead of waiting for them. */
const READS_MAX = 1000

export class FollowedResults {
  readonly #store: ObjectStore
  readonly #run: string
  readonly #tally = new RunTally()
  /** ETags of what was read, by key. */
  readonly #read = new Map<string, string>()
  readonly #counted = new Set<string>()

  constructor(store: ObjectStore, run: string) {
    this.#store = store
    this.#run = run
  }

  /** Reads what is new, and gives what all that was read comes to. Tasks that failed are not in it: a later try may succeed. */
  async look(): Promise<Tally> {
    const all = await listAll(this.#store, { prefix: `${runPrefix(this.#run)}results/` })
    const fresh = all.filter(({ key, etag }) => this.#read.get(key) !== etag)
    await pMap(fresh.slice(0, READS_MAX), (one) => this.#take(one), { concurrency: READS_AT_ONCE })
    return this.#tally.tally()
  }

  async #take({ key }: ObjectInfo): Promise<void> {
    const file = await readJson<ResultsFile>(this.#store, key)
    if (!file) return
    const { level, results } = requireKeys(file.value, ['level', 'results'], `${this.#store.location}/${key}`)
    this.#read.set(key, file.info.etag)
    const done = results.filter((result) => 'report' in result || 'spent' in result)
    // A second delivery of a task that is done leaves its result again.
    if (done.length === 0 || this.#counted.has(key)) return
    this.#counted.add(key)
    for (const result of done) this.#tally.add(level, result)
  }
}
