import { createInterface } from 'node:readline/promises'
import { InvalidInputError } from '../model/errors.ts'

/** Asks a person. `undone` is what did not happen without a yes: `nothing was deleted`. @throws InvalidInputError unless the answer is yes. */
export async function confirm(question: string, undone: string): Promise<void> {
  if (!process.stdin.isTTY) throw new InvalidInputError(`${undone}; expected --yes where nobody can be asked`)
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    if (/^y(es)?$/i.test((await asking.question(`${question} (yes/no) `)).trim())) return
  } finally {
    asking.close()
  }
  throw new InvalidInputError(`${undone}, as the answer was not yes`)
}
