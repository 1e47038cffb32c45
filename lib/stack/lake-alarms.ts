import { Duration } from 'aws-cdk-lib'
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  SingleValueWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'

export interface LakeAlarmsOptions {
  readonly queue: Queue
  readonly deadLetters: Queue
  readonly machine: StateMachine
  readonly transform: IFunction
  readonly sweep: IFunction
}

/** Live that is an hour behind is late: a batch takes a quarter of one at most. */
const LATE = Duration.hours(1)

/** What wakes somebody, and one page to look at. Connect the alarms to where they should go. */
export class LakeAlarms extends Construct {
  readonly alarms: readonly Alarm[]

  constructor(scope: Construct, id: string, options: LakeAlarmsOptions) {
    super(scope, id)
    const { queue, deadLetters, machine, transform, sweep } = options
    const dead = deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'max' })
    const oldest = queue.metricApproximateAgeOfOldestMessage()
    this.alarms = [
      this.#alarm('DeadLetters', 'Messages failed every time; the transform function’s log has the error', dead, 0),
      this.#alarm('Late', 'The oldest message of the live queue waits too long', oldest, LATE.toSeconds()),
      this.#alarm('FailedRuns', 'A backfill failed; its report names the tasks', machine.metricFailed(), 0),
      this.#alarm('Throttles', 'The caps of live and backfill exceed what the account has left', transform.metricThrottles(), 0),
      this.#alarm('SweepErrors', 'What events miss is not found', sweep.metricErrors(), 0),
    ]
    const dashboard = new Dashboard(this, 'Dashboard')
    dashboard.addWidgets(
      new SingleValueWidget({ title: 'now', metrics: [dead, oldest, machine.metricStarted()] }),
      new GraphWidget({ title: 'live queue', left: [queue.metricApproximateNumberOfMessagesVisible()], right: [oldest] }),
      new GraphWidget({
        title: 'transform',
        left: [transform.metricInvocations(), transform.metricErrors()],
        right: [transform.metricDuration()],
      }),
      new GraphWidget({ title: 'backfills', left: [machine.metricStarted(), machine.metricSucceeded(), machine.metricFailed()] }),
    )
  }

  #alarm(id: string, alarmDescription: string, metric: IMetric, threshold: number): Alarm {
    const props: AlarmProps = {
      alarmDescription,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }
    return new Alarm(this, id, props)
  }
}
