import * as z from 'zod'
import type { Caps } from '../lib/model/caps.ts'
import { InternalError, TransientError } from '../lib/model/errors.ts'

/**
 * A call by CloudFormation, which waits for an answer at `ResponseURL`:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
export interface DeployEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete'
  readonly ResponseURL: string
  readonly StackId: string
  readonly RequestId: string
  readonly LogicalResourceId: string
  /** CloudFormation makes strings of numbers. */
  readonly ResourceProperties?: unknown
}

/** What CloudFormation is told; a reason is shown to whoever deploys. */
export type DeployAnswer = { readonly status: 'SUCCESS' } | { readonly status: 'FAILED'; readonly reason: string }

/** The answer may have 4,096 bytes in all. */
const REASON_MAX = 3000

export function isDeployEvent(event: unknown): event is DeployEvent {
  return event !== null && typeof event === 'object' && 'ResponseURL' in event && 'RequestType' in event
}

const properties = z.object({ liveConcurrency: z.coerce.number<string>().int(), backfillConcurrency: z.coerce.number<string>().int() })

/** The caps that the template has. @throws InternalError where it says none. */
export function capsOf(event: DeployEvent): Caps {
  const parsed = properties.safeParse(event.ResourceProperties)
  if (!parsed.success) throw new InternalError(`the template says no caps: ${z.prettifyError(parsed.error)}`)
  return { live: parsed.data.liveConcurrency, backfill: parsed.data.backfillConcurrency }
}

/** @throws TransientError when the answer is not taken. */
export async function answerDeploy(event: DeployEvent, answer: DeployAnswer): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, ResponseURL: url } = event
  const told = 'reason' in answer ? { Reason: Buffer.from(answer.reason).subarray(0, REASON_MAX).toString() } : {}
  const body = { Status: answer.status, PhysicalResourceId: 'hindcast-definitions', StackId, RequestId, LogicalResourceId, ...told }
  // The URL is signed without a content type.
  const taken = await fetch(url, { method: 'PUT', body: Buffer.from(JSON.stringify(body)), headers: { 'content-type': '' } })
  if (!taken.ok) throw new TransientError(`the answer to the deploy was not taken: status ${taken.status}`)
}
