import { isBucket } from '../lake/open-lake.ts'
import type { CliContext } from './context.ts'

/** How another command line on the same lake begins. */
export function hindcastOn({ deployed, lake }: Pick<CliContext, 'deployed' | 'lake'>): string {
  if (deployed) return `hindcast --stack ${deployed.stack}`
  return isBucket(lake) ? `hindcast --lake ${lake}` : 'hindcast'
}
