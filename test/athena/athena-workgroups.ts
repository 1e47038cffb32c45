/** Workgroups by Athena's JSON API: those that stand, those that were made, and what the API refuses of them. */

export type Body = Readonly<Record<string, unknown>>

/** A workgroup as the API spells it; times in seconds. */
export interface Workgroup {
  readonly Name: string
  readonly Description?: string
  readonly State: 'ENABLED'
  readonly CreationTime: number
  readonly Configuration: Readonly<Record<string, unknown>> & { readonly BytesScannedCutoffPerQuery?: number }
  readonly Tags?: unknown
}

/** A request that is answered with Athena's InvalidRequestException. */
export class Refused extends Error {}

const CUTOFF_MIN = 10_000_000
const PAGE = 2

export class Workgroups {
  /** All that were made, in that order, those that are gone among them. */
  readonly made: Workgroup[] = []
  readonly #standing = new Map<string, Workgroup>()

  /** Names of those that stand. */
  names(): string[] {
    return [...this.#standing.keys()]
  }

  /** @throws Refused for one that does not stand. */
  named(name: unknown): Workgroup {
    const found = this.#standing.get(String(name))
    if (!found) throw new Refused(`WorkGroup ${String(name)} is not found.`)
    return found
  }

  create({ Name: name, Description: description, Configuration, Tags }: Body): Body {
    if (this.#standing.has(String(name))) throw new Refused('WorkGroup is already created')
    const configuration = (Configuration ?? {}) as Workgroup['Configuration']
    const cutoff = configuration.BytesScannedCutoffPerQuery
    if (cutoff !== undefined && cutoff < CUTOFF_MIN) throw new Refused(`BytesScannedCutoffPerQuery must be at least ${CUTOFF_MIN}`)
    const one: Workgroup = {
      ...{ Name: String(name), State: 'ENABLED', CreationTime: Date.now() / 1000, Configuration: configuration, Tags },
      ...(description !== undefined && { Description: String(description) }),
    }
    this.#standing.set(one.Name, one)
    this.made.push(one)
    return {}
  }

  get({ WorkGroup: name }: Body): Body {
    const { Configuration, ...rest } = this.named(name)
    // What is told of the engine is more than what may be said of it.
    const EngineVersion = { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' }
    return { WorkGroup: { ...rest, Configuration: { EngineVersion, ...Configuration } } }
  }

  delete({ WorkGroup: name, RecursiveDeleteOption: recursive }: Body, hasQueries: (name: string) => boolean): Body {
    const one = this.named(name)
    if (recursive !== true && hasQueries(one.Name)) throw new Refused('WorkGroup is not empty')
    this.#standing.delete(one.Name)
    return {}
  }

  list({ NextToken: token }: Body): Body {
    const from = Number(token ?? 0)
    const all = [...this.#standing.values()].map(({ Configuration: _, Tags: __, ...summary }) => summary)
    return { WorkGroups: all.slice(from, from + PAGE), ...(from + PAGE < all.length && { NextToken: String(from + PAGE) }) }
  }
}
