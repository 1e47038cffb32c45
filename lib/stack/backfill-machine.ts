import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { Rule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import { acknowledgeWildcards } from './acknowledge-wildcards.ts'
import type { LakeBucket } from './lake-storage.ts'
import { renderMachine } from './render-machine.ts'

export interface BackfillMachineOptions {
  readonly plan: IFunction
  readonly verify: IFunction
  readonly transform: IFunction
  readonly publish: IFunction
  readonly report: IFunction
  readonly bucket: LakeBucket
}

/** The state machine that computes history, and the rule that ends the claim of an execution that somebody stopped. */
export class BackfillMachine extends Construct {
  readonly machine: StateMachine

  constructor(scope: Construct, id: string, options: BackfillMachineOptions) {
    super(scope, id)
    const { plan, verify, transform, publish, report, bucket } = options
    const definition = renderMachine({
      plan: plan.functionArn,
      verify: verify.functionArn,
      transform: transform.functionArn,
      publish: publish.functionArn,
      report: report.functionArn,
      bucket: bucket.bucketName,
    })
    const destination = new LogGroup(this, 'Log', { retention: RetentionDays.THREE_MONTHS, removalPolicy: RemovalPolicy.DESTROY })
    this.machine = new StateMachine(this, 'Machine', {
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(definition)),
      tracingEnabled: true,
      logs: { destination, level: LogLevel.ALL, includeExecutionData: false },
    })
    for (const one of [plan, verify, transform, publish, report]) one.grantInvoke(this.machine)
    this.#allowMap(bucket)
    new Rule(this, 'Stopped', {
      description: 'A stopped backfill gets its report, and its claim ends',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [this.machine.stateMachineArn], status: ['ABORTED', 'TIMED_OUT'] },
      },
      targets: [new LambdaFunction(report)],
    })
    acknowledgeWildcards(this, {
      ':*': 'Each version of the function that a definition may name; there are no aliases.',
      '*': 'Executions of this machine and X-Ray’s segments have no names before.',
      '/runs/*/tasks/*': 'Runs have no names before.',
      '/runs/*/map/*': 'Runs have no names before.',
    })
  }

  /** https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html; a policy apart, as it names the machine. */
  #allowMap(bucket: LakeBucket): void {
    const { stateMachineArn, stateMachineName } = this.machine
    const executions = Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${stateMachineName}*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
    const statements = [
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [stateMachineArn] }),
      new PolicyStatement({
        actions: ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution'],
        resources: [executions],
      }),
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects('runs/*/tasks/*')] }),
      new PolicyStatement({
        actions: ['s3:PutObject', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
        resources: [bucket.arnForObjects('runs/*/map/*')],
      }),
    ]
    new Policy(this, 'MapRuns', { statements }).attachToRole(this.machine.role)
  }
}
