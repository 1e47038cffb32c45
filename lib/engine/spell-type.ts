import { parseEngineType, renderEngineType } from '../model/engine-type.ts'
import { InvalidInputError } from '../model/errors.ts'

/** The one spelling of a type, as definitions have it: `STRUCT(a INT)` and `STRUCT("a" INTEGER)` are one. A type that we do not know keeps its own. */
export function spellType(type: string): string {
  try {
    return renderEngineType(parseEngineType(type))
  } catch (error) {
    if (error instanceof InvalidInputError) return type
    throw error
  }
}
