import { Duration } from 'aws-cdk-lib'
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  SingleValueWidget,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import { type MeasureName, NAMESPACE } from '../model/measures.ts'
import type { WatchedView } from './late-views.ts'

export interface LakeAlarmsOptions {
  readonly queue: Queue
  readonly deadLetters: Queue
  readonly machine: StateMachine
  readonly transform: IFunction
  readonly sweep: IFunction
  /** Under which the functions' figures stand. */
  readonly service: string
  readonly views: readonly WatchedView[]
  /** How often the age of each view is told. */
  readonly sweepEvery: Duration
}

/** Live that is an hour behind is late: a batch takes a quarter of one at most. */
const LATE = Duration.hours(1)

/** What wakes somebody, and one page to look at. Connect the alarms to where they should go. */
export class LakeAlarms extends Construct {
  readonly alarms: readonly Alarm[]
  readonly #service: string

  constructor(scope: Construct, id: string, options: LakeAlarmsOptions) {
    super(scope, id)
    this.#service = options.service
    const { queue, deadLetters, machine, transform, sweep } = options
    const dead = deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'max' })
    const oldest = queue.metricApproximateAgeOfOldestMessage()
    this.alarms = [
      this.#alarm('DeadLetters', 'Messages failed every time; the transform function’s log has the error', dead, 0),
      this.#alarm('Late', 'The oldest message of the live queue waits too long', oldest, LATE.toSeconds()),
      this.#alarm('FailedRuns', 'A backfill failed; its report names the tasks', machine.metricFailed(), 0),
      this.#alarm('Throttles', 'The caps of live and backfill exceed what the account has left', transform.metricThrottles(), 0),
      this.#alarm('SweepErrors', 'What events miss is not found', sweep.metricErrors(), 0),
      ...options.views.map((view) => this.#alarmOfView(view, options.sweepEvery)),
    ]
    this.#draw(options, [dead, oldest, machine.metricStarted()])
  }

  /** The sweep tells ages; while it does not, its own alarm says so and this one stays as it is. */
  #alarmOfView({ name, lateSeconds }: WatchedView, period: Duration): Alarm {
    const newest = this.#metric('NewestAge', name, { statistic: Stats.MAXIMUM, period })
    const text = `View ${name} has no partition of late; hindcast status says what it waits for`
    return this.#alarm(`Late-${name}`, text, newest, lateSeconds, TreatMissingData.IGNORE)
  }

  #draw({ queue, machine, transform, views, sweepEvery }: LakeAlarmsOptions, now: IMetric[]): void {
    const byView = (title: string, measure: MeasureName, statistic: string = Stats.SUM, period = Duration.minutes(5)) =>
      new GraphWidget({ title, left: views.map(({ name }) => this.#metric(measure, name, { statistic, period, label: name })) })
    const dashboard = new Dashboard(this, 'Dashboard')
    dashboard.addWidgets(
      new SingleValueWidget({ title: 'now', metrics: now }),
      new GraphWidget({
        title: 'live queue',
        left: [queue.metricApproximateNumberOfMessagesVisible()],
        right: [queue.metricApproximateAgeOfOldestMessage()],
      }),
      new GraphWidget({
        title: 'transform',
        left: [transform.metricInvocations(), transform.metricErrors(), transform.metricThrottles()],
        right: [transform.metricDuration()],
      }),
      new GraphWidget({ title: 'backfills', left: [machine.metricStarted(), machine.metricSucceeded(), machine.metricFailed()] }),
    )
    if (views.length === 0) return
    dashboard.addWidgets(
      byView('partitions written', 'PartitionsWritten'),
      byView('partitions refused', 'PartitionsRejected'),
      byView('rows', 'Rows'),
      byView('seconds since the newest partition', 'NewestAge', Stats.MAXIMUM, sweepEvery),
    )
  }

  #metric(metricName: MeasureName, view: string, props: { statistic: string; period: Duration; label?: string }): Metric {
    return new Metric({ namespace: NAMESPACE, metricName, dimensionsMap: { service: this.#service, view }, ...props })
  }

  #alarm(id: string, alarmDescription: string, metric: IMetric, threshold: number, missing = TreatMissingData.NOT_BREACHING): Alarm {
    const props: AlarmProps = {
      alarmDescription,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: missing,
    }
    return new Alarm(this, id, props)
  }
}
