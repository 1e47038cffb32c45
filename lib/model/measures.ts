/**
 * What CloudWatch is told of a lake: the functions write these figures, alarms and the dashboard read them. Each stands under the
 * dimensions `service`, the lake's bucket, and `view`.
 */
export const NAMESPACE = 'Hindcast'

/** The figures by name, with their units as CloudWatch spells them. */
export const MEASURES = {
  PartitionsWritten: 'Count',
  PartitionsConfirmed: 'Count',
  PartitionsRejected: 'Count',
  Rows: 'Count',
  Bytes: 'Bytes',
  Duration: 'Milliseconds',
  /** Since the end of the newest partition that is there. */
  NewestAge: 'Seconds',
} as const

export type MeasureName = keyof typeof MEASURES
