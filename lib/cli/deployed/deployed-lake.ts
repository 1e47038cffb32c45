import { InvalidInputError } from '../../model/errors.ts'

/** A lake that a stack computes, as the stack's outputs name it. */
export interface DeployedLake {
  /** Name of the CloudFormation stack. */
  readonly stack: string
  /** How the ids of the lake's resources begin: the path of its construct, such as `Lake`. */
  readonly id: string
  /** `s3://BUCKET`. */
  readonly place: string
  readonly machineArn: string
  readonly queueUrl: string
  /** The cap of the stack on the tasks of a run, where it says one. */
  readonly concurrencyMax?: number
  /** The Glue database of its tables, where the stack has one. */
  readonly database?: string
  /** The workgroup of Athena, where the stack has one. */
  readonly workgroup?: string
}

/** Outputs that every lake has; their ids are the construct's path, the name and a hash. */
const OUTPUT = /^(.*)(Place|MachineArn|QueueUrl|BackfillConcurrency|Database|Workgroup)[0-9A-F]{8}$/

/** The lakes among the outputs of a stack. Outputs of others are passed over. */
export function lakesAmong(stack: string, outputs: ReadonlyMap<string, string>): DeployedLake[] {
  const found = new Map<string, Map<string, string>>()
  for (const [key, value] of outputs) {
    const [, id, name] = OUTPUT.exec(key) ?? []
    if (id === undefined || name === undefined) continue
    found.set(id, (found.get(id) ?? new Map()).set(name, value))
  }
  return [...found].flatMap(([id, values]) => {
    const [place, machineArn, queueUrl] = ['Place', 'MachineArn', 'QueueUrl'].map((name) => values.get(name))
    if (!place?.startsWith('s3://') || machineArn === undefined || queueUrl === undefined) return []
    const [cap, database, workgroup] = [Number(values.get('BackfillConcurrency')), values.get('Database'), values.get('Workgroup')]
    const athena = { ...(database && { database }), ...(workgroup && { workgroup }) }
    return [{ stack, id, place, machineArn, queueUrl, ...(cap >= 1 && { concurrencyMax: cap }), ...athena }]
  })
}

/** @throws InvalidInputError unless there is exactly one. */
export function requireOne(stack: string, lakes: readonly DeployedLake[]): DeployedLake {
  const [lake, ...others] = lakes
  if (lake === undefined)
    throw new InvalidInputError(
      `stack ${stack} has no feature lake among its outputs; expected the stack that has the FeatureLake construct`,
    )
  if (others.length > 0)
    throw new InvalidInputError(
      `stack ${stack} has ${lakes.length} feature lakes: ${lakes.map(({ id }) => id).join(', ')}; expected one per stack, or --lake s3://BUCKET`,
    )
  return lake
}
