import type { Receipt, ReceiptInput } from '../lake/receipts.ts'
import type { BoundInput } from './bound-input.ts'

/** A folder that is not as a receipt remembers it. */
export interface InputChange {
  readonly input: string
  readonly folder: string
  readonly change: 'changed' | 'new' | 'gone'
  /** Which objects; none where the receipt had too many to name them. */
  readonly objects: readonly { readonly key: string; readonly change: 'new' | 'replaced' | 'gone' }[]
}

/** What the inputs of a partition hold now that they did not, and the other way round, in order of inputs and folders. */
export function changesSince(receipt: Receipt, inputs: readonly BoundInput[]): InputChange[] {
  return inputs.flatMap((now) => {
    const then = receipt.inputs.find((input) => input.name === now.binding.name)
    return then ? changesOf(then, now) : []
  })
}

function changesOf(then: ReceiptInput, now: BoundInput): InputChange[] {
  const before = new Map(then.folders.map((folder) => [folder.name, folder]))
  const after = new Map(now.folders.map((folder) => [folder.name, folder]))
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  const differing = names.filter((name) => before.get(name)?.digest !== after.get(name)?.digest)
  const objects = objectChanges(then, now)
  const last = differing.at(-1)
  return differing.map((folder) => {
    const change = !before.has(folder) ? 'new' : !after.has(folder) ? 'gone' : 'changed'
    const inside = new Set(after.get(folder)?.objects.map((object) => object.key))
    // A key that is gone says no folder of its own: it is told with the only one that changed, or where its key names it.
    const own = objects.filter(({ key, change: kind }) =>
      kind === 'gone'
        ? differing.length === 1 || key.includes(folder) || (folder === last && !differing.some((one) => key.includes(one)))
        : inside.has(key),
    )
    return { input: then.name, folder, change, objects: own }
  })
}

function objectChanges(then: ReceiptInput, now: BoundInput): { key: string; change: 'new' | 'replaced' | 'gone' }[] {
  if (!then.keys) return []
  const before = new Map(then.keys.map(([key, size, etag]) => [key, `${size} ${etag}`]))
  const after = now.folders.flatMap((folder) => folder.objects)
  const there = new Set(after.map(({ key }) => key))
  return [
    ...after.flatMap(({ key, size, etag }) => {
      const old = before.get(key)
      if (old === `${size} ${etag}`) return []
      return [{ key, change: old === undefined ? ('new' as const) : ('replaced' as const) }]
    }),
    ...[...before.keys()].filter((key) => !there.has(key)).map((key) => ({ key, change: 'gone' as const })),
  ]
}
