import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { InvalidInputError, TransientError } from '../model/errors.ts'

/**
 * Concurrent executions of this account in this region that no function has reserved.
 * @throws InvalidInputError where the role may not ask, TransientError when there is no answer.
 */
export async function unreservedConcurrency(): Promise<number> {
  try {
    const { AccountLimit: limit } = await new LambdaClient().send(new GetAccountSettingsCommand({}))
    if (limit?.UnreservedConcurrentExecutions !== undefined) return limit.UnreservedConcurrentExecutions
  } catch (cause) {
    const [name, message] = cause instanceof Error ? [cause.name, cause.message] : ['', String(cause)]
    if (name === 'AccessDeniedException')
      throw new InvalidInputError(`the account's limits must not be read with this role: ${message}`, {}, { cause })
    throw new TransientError(`Lambda did not tell the account's limits: ${name}: ${message}`, {}, { cause })
  }
  throw new TransientError("Lambda did not tell the account's limits")
}
