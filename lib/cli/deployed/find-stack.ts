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

/**
 * The lake in this bucket, by the outputs of all stacks in the region.
 * @throws InvalidInputError where none of them computes it, or several do.
 */
export async function findStackOf(place: string): Promise<DeployedLake> {
  const client = new CloudFormationClient()
  const found: DeployedLake[] = []
  try {
    for await (const { Stacks: stacks = [] } of paginateDescribeStacks({ client }, {}))
      found.push(...stacks.flatMap(lakesOf).filter((lake) => lake.place === place.replace(/\/$/, '')))
  } catch (error) {
    throw awsError(error, 'CloudFormation')
  }
  const [lake, ...others] = found
  const region = await client.config.region()
  if (!lake)
    throw new InvalidInputError(
      `no stack in ${region} computes lake ${place}; expected one that does, or --local to compute on this machine`,
    )
  if (others.length === 0) return lake
  throw new InvalidInputError(
    `several stacks compute lake ${place}: ${found.map(({ stack }) => stack).join(', ')}; expected --stack with one of them`,
  )
}

function lakesOf({ StackName: name = '', Outputs: outputs = [] }: Stack): DeployedLake[] {
  return lakesAmong(name, new Map(outputs.map(({ OutputKey: key = '', OutputValue: value = '' }) => [key, value])))
}
