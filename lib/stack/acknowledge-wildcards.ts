import { Stack, Validations } from 'aws-cdk-lib'
import { CfnPolicy, type PolicyDocument } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'

/**
 * Gives the reasons for wildcards in policies below a construct to whoever checks the app (cdk-nag's `AwsSolutions-IAM5`). A reason is
 * found by what follows the ARN: `/runs/*`, `:*`. A wildcard without one stays a finding. Names are known only when references between
 * stacks are resolved, so this looks at the policies when the app is validated.
 */
export function acknowledgeWildcards(scope: Construct, reasons: Readonly<Record<string, string>>): void {
  const validate = () => {
    for (const policy of scope.node.findAll()) {
      if (!(policy instanceof CfnPolicy)) continue
      for (const name of wildcardsOf(policy)) {
        const reason = reasons[endOf(name)]
        if (reason !== undefined) Validations.of(policy).acknowledge({ id: `AwsSolutions-IAM5[Resource::${name}]`, reason })
      }
    }
    return []
  }
  scope.node.addValidation({ validate })
}

function wildcardsOf(policy: CfnPolicy): string[] {
  const document = Stack.of(policy).resolve(policy.policyDocument as PolicyDocument) as {
    readonly Statement: readonly { Resource: unknown }[]
  }
  return document.Statement.flatMap(({ Resource: all }) => (Array.isArray(all) ? all : [all]))
    .map(nameOf)
    .filter((name) => name.includes('*'))
}

/** What follows the ARN of a bucket, a function or a machine. */
function endOf(name: string): string {
  const slash = name.indexOf('/')
  return name.slice(slash >= 0 ? slash : name.lastIndexOf('>') + 1)
}

/** An intrinsic function as cdk-nag names it. */
function nameOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || typeof value !== 'object') return ''
  const [[intrinsic, argument] = ['', undefined]] = Object.entries(value)
  if (intrinsic === 'Fn::Join' && Array.isArray(argument)) return (argument[1] as unknown[]).map(nameOf).join(String(argument[0]))
  if (intrinsic === 'Ref') return `<${String(argument)}>`
  if (intrinsic === 'Fn::GetAtt' && Array.isArray(argument)) return `<${argument.join('.')}>`
  return nameOf(argument)
}
