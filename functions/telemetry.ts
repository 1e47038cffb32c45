/**
 * What a deployed function tells of its work: a line of JSON per event, figures in CloudWatch's embedded metric format, a trace with a
 * segment per partition. Imported by nothing but `observed.ts`, and there only when a call comes: it takes 70 ms to load, of which 55
 * are X-Ray's, and commands that run the same handlers do without.
 */
import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types'
import { Metrics } from '@aws-lambda-powertools/metrics'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import { MEASURES, type MeasureName, NAMESPACE } from '../lib/model/measures.ts'
import type { LogEvent } from '../lib/pipeline/effects.ts'
import { type Measured, measure } from './measure.ts'

/** Lines stay short, as there is one per partition: what the log group's name says is left out. */
class ShortLines extends LogFormatter {
  formatAttributes(
    { timestamp, logLevel, message, lambdaContext, xRayTraceId }: UnformattedAttributes,
    { values }: LogAttributes,
  ): LogItem {
    const { awsRequestId: request, coldStart } = lambdaContext ?? {}
    const attributes = { time: this.formatTimestamp(timestamp), level: logLevel, event: message, request, trace: xRayTraceId }
    return new LogItem({ attributes: { ...attributes, ...(coldStart && { cold: true }) } }).addAttributes(values as LogAttributes)
  }
}

const logger = new Logger({ logFormatter: new ShortLines() })
/** A request to S3 is no segment of its own: a task has thousands. */
const tracer = new Tracer({ captureHTTPsRequests: false })
const metricsOfViews = new Map<string, Metrics>()

/** Around each call of a deployed handler, from the outermost on. */
export const middlewares = [
  captureLambdaHandler(tracer, { captureResponse: false }),
  injectLambdaContext(logger),
  { after: publishMetrics, onError: publishMetrics },
]

/** Takes note of an event. Its figures are written when the call ends, also when it fails; a process that is killed loses those. */
export function tell({ event, ...values }: LogEvent): void {
  if (event === 'failed') logger.error(event, { values })
  else if (event === 'unmatched') logger.warn(event, { values })
  else logger.info(event, { values })
  count(measure({ event, ...values }))
  if (event === 'partition') trace(values)
}

function count(measured: Measured | undefined): void {
  if (!measured) return
  const metrics = metricsOf(measured.view)
  for (const [name, value] of Object.entries(measured.values)) metrics.addMetric(name, MEASURES[name as MeasureName], value)
}

function metricsOf(view: string): Metrics {
  const known = metricsOfViews.get(view)
  if (known) return known
  const made = new Metrics({ namespace: NAMESPACE, defaultDimensions: { view } })
  metricsOfViews.set(view, made)
  return made
}

function publishMetrics(): void {
  for (const metrics of metricsOfViews.values()) if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics()
}

/** The partition as a segment below the call's, with what one searches traces for. */
function trace({ view, partition, writer, result, ms }: Readonly<Record<string, unknown>>): void {
  const segment = tracer.isTracingEnabled() ? tracer.getSegment()?.addNewSubsegment(`${view} ${partition}`) : undefined
  if (!segment) return
  if (typeof ms === 'number') segment.start_time -= ms / 1000
  for (const [name, value] of Object.entries({ view, partition, writer, result })) segment.addAnnotation(name, String(value))
  segment.close()
}
