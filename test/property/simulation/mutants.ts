/**
 * Broken variants of the product: textual patches that are applied as Node loads the module, and stores that break a promise. Each patch
 * has to match exactly once, so that a mutant does not quietly become the product.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import type { Faults } from './scheduled-store.ts'

interface Patch {
  /** Module under `lib/`. */
  readonly module: string
  readonly from: string
  readonly to: string
}

export interface Mutant {
  readonly patches?: readonly Patch[]
  readonly faults?: Faults
}

const step8Gone: Patch = {
  module: 'pipeline/transform.ts',
  from: 'return [...again, ...(await this.#changedSince(done))].sort(',
  to: 'return [...again].sort(',
}
const inputsFirst: Patch = {
  module: 'pipeline/transform.ts',
  from: 'const outputs = await this.#listOutputs(all)',
  to: 'const listing = await this.#listInputs(all)\n    const outputs = await this.#listOutputs(all)',
}
const inputsOnlyFirst: Patch = {
  module: 'pipeline/transform.ts',
  from: 'const listing = await this.#listInputs(partitions)\n    const again',
  to: 'const again',
}

const looksOnce: Patch = { module: 'pipeline/land.ts', from: 'if (now?.etag !== standing.raw?.etag) return undefined', to: '' }
const digestUnchecked: Patch = {
  module: 'pipeline/land.ts',
  from: 'receipt?.fingerprint === fingerprint && receipt.sha256 === digest',
  to: 'receipt?.fingerprint === fingerprint',
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  no_if_match_outputs: { faults: { ignoreIfMatch: 'features/' } },
  no_if_match_pieces: { faults: { ignoreIfMatch: 'landed/' } },
  no_if_match_fetch: { faults: { ignoreReadMatch: true } },
  no_if_match_outputs_no_step_8: { patches: [step8Gone], faults: { ignoreIfMatch: 'features/' } },
  no_if_match_pieces_looks_once: { patches: [looksOnce], faults: { ignoreIfMatch: 'landed/' } },
  no_if_match_pieces_digest_unchecked: { patches: [digestUnchecked], faults: { ignoreIfMatch: 'landed/' } },
  no_step_8: { patches: [step8Gone] },
  inputs_first: { patches: [inputsFirst, inputsOnlyFirst] },
  inputs_first_no_step_8: { patches: [inputsFirst, inputsOnlyFirst, step8Gone] },
  receipts_kept: {
    patches: [
      {
        module: 'pipeline/commit.ts',
        from: 'for (const { key } of [...work.facts.receipts, ...work.facts.rejected]) if (key !== own) await store.delete(key)',
        to: '',
      },
    ],
  },
  own_receipt_deleted: {
    patches: [{ module: 'pipeline/commit.ts', from: 'if (key !== own) await store.delete(key)', to: 'await store.delete(key)' }],
  },
  put_identical: {
    patches: [{ module: 'pipeline/commit.ts', from: 'const same = standing === made.computed.sha256', to: 'const same = false' }],
  },
  dependents_not_queued: {
    patches: [{ module: 'pipeline/commit.ts', from: 'if (task.writer === LIVE) await', to: 'if (task.writer === "nobody") await' }],
  },
  dependents_after_receipt: {
    patches: [
      {
        module: 'pipeline/commit.ts',
        from: 'if (task.writer === LIVE) await effects.queue.send(dependents(context, work.partition))',
        to: '',
      },
      {
        module: 'pipeline/commit.ts',
        from: "  return { result: same ? 'confirmed'",
        to: "  if (task.writer === LIVE && !same) await effects.queue.send(dependents(context, work.partition))\n  return { result: same ? 'confirmed'",
      },
    ],
  },
  no_empty_piece: {
    patches: [
      {
        module: 'pipeline/land.ts',
        from: 'for (const folder of folders) {\n    const piece =',
        to: 'for (const folder of folders) {\n    if (!landed.pieces.some((one) => one.folder === folder)) {\n      const old = pieces.get(folder)\n      if (old) etags.set(folder, old)\n      continue\n    }\n    const piece =',
      },
    ],
  },
  no_intent: {
    patches: [
      { module: 'pipeline/land.ts', from: 'await store.put(intent, jsonBytes<LandingRecord>({ format: 1, key, folders }))', to: '' },
    ],
  },
  digest_unchecked: { patches: [digestUnchecked] },
  landing_looks_once: { patches: [looksOnce] },
  sweep_trusts_any_receipt: {
    patches: [
      {
        module: 'pipeline/unfresh.ts',
        from: "(kind === 'stale' && !(await",
        to: "(kind === 'stale' && facts.receipts.length === 0 && !(await",
      },
    ],
  },
  sweep_does_not_land: {
    patches: [{ module: 'pipeline/sweep.ts', from: 'await effects.queue.send(wanted.map((object) => task(object.key)))', to: '' }],
  },
  sweep_lands_without_repair: {
    patches: [{ module: 'pipeline/sweep.ts', from: 'key, repair: true, retry', to: 'key, repair: false, retry' }],
  },
  claims_never_expire: { patches: [{ module: 'lake/claims.ts', from: 'claim.value.expires > now', to: 'claim.value.expires > 0' }] },
}

/** Applies the patches of a mutant to everything that is imported from now on. @throws Error for a patch that does not match once. */
export function installMutant(name: string): Faults {
  const mutant = MUTANTS[name]
  if (!mutant) throw new Error(`no mutant '${name}'; expected one of ${Object.keys(MUTANTS).join(', ')}`)
  const patched = new Map<string, string>()
  for (const { module, from, to } of mutant.patches ?? []) {
    const url = new URL(`../../../lib/${module}`, import.meta.url)
    const text = patched.get(url.href) ?? readFileSync(url, 'utf8')
    if (text.split(from).length !== 2)
      throw new Error(`mutant ${name}: its patch of ${module} has to match once, but does ${text.split(from).length - 1} times`)
    patched.set(
      url.href,
      text.replace(from, () => to),
    )
  }
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      const source = patched.get(url)
      return source === undefined ? loaded : { ...loaded, source }
    },
  })
  return mutant.faults ?? {}
}
