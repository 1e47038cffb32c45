import { CloudFormationClient, paginateDescribeStacks, type Stack } from '@aws-sdk/client-cloudformation'
import { InvalidInputError } from '../../model/errors.ts'
import { awsError, isNamed } from './aws-error.ts'
import { type DeployedLake, lakesAmong, requireOne } from './deployed-lake.ts'

/**
 * The lake that the stack of this name computes, found by the stack's outputs.
 * @throws InvalidInputError where there is no such stack in the region of the credentials, or it has no lake.
 */
export async function findStack(name: string): Promise<DeployedLake> {
  const client = new CloudFormationClient()
  try {
    for await (const { Stacks: stacks = [] } of paginateDescribeStacks({ client }, { StackName: name }))
      for (const stack of stacks) return requireOne(name, lakesOf(stack))
  } catch (error) {
    // CloudFormation answers a name that it does not know with a ValidationError.
    if (!isNamed(error, 'ValidationError')) throw awsError(error, 'CloudFormation')
  }
  throw new InvalidInputError(
    `there is no stack '${name}' in ${await client.config.region()}; expected the name of a deployed stack, such as Hindcast`,
  )
}

function lakesOf({ StackName: name = '', Outputs: outputs = [] }: Stack): DeployedLake[] {
  return lakesAmong(name, new Map(outputs.map(({ OutputKey: key = '', OutputValue: value = '' }) => [key, value])))
}
