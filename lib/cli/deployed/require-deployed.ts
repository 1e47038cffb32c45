import { InvalidInputError } from '../../model/errors.ts'
import type { CliContext } from '../context.ts'
import type { DeployedLake } from './deployed-lake.ts'

/** The context of a command on a stack. */
export type DeployedContext = CliContext & { readonly deployed: DeployedLake }

/** @throws InvalidInputError where no stack is named. */
export function requireDeployed(context: CliContext, command: string): DeployedContext {
  const { deployed } = context
  if (deployed) return { ...context, deployed }
  throw new InvalidInputError(`${command} is for runs of a deployed lake; expected hindcast --stack NAME ${command} ...`)
}
