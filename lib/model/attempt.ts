/** What became of one of several things that were tried together: its value, or the error that stopped it alone. */
export type Attempt<T> = { readonly value: T } | { readonly error: unknown }

/** Tries one; nothing is thrown. */
export async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    return { error }
  }
}

/** The value, or the error thrown. */
export function unwrap<T>(tried: Attempt<T> | undefined): T {
  if (tried && 'value' in tried) return tried.value
  throw tried?.error
}
