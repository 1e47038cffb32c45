/** At most `max` of the items, the first and the last among them and the others evenly between. */
export function sampleEvenly<T>(items: readonly T[], max: number): T[] {
  if (items.length <= max) return [...items]
  if (max === 1) return items.slice(-1)
  const taken: T[] = []
  for (let at = 0; at < max; at++) {
    const item = items[Math.round((at * (items.length - 1)) / (max - 1))]
    if (item !== undefined) taken.push(item)
  }
  return taken
}

/** What a sample holds of a longer list: every item, or those of one hour of the day or of one weekday. */
export interface PartitionSample<T> {
  readonly items: readonly T[]
  /** `hour 17`, `Sundays`; undefined where all were taken. */
  readonly of?: string
}

const WEEKDAYS = ['Sundays', 'Mondays', 'Tuesdays', 'Wednesdays', 'Thursdays', 'Fridays', 'Saturdays']

/**
 * At most `max` partitions that are like each other: hours of one hour of the day (the one with the most bytes), days of the weekday of
 * the newest. Steps of any other length would show the day's and the week's own rhythm as if it were a change.
 */
export function samplePartitions<T extends { readonly partition: string; readonly size: number }>(
  items: readonly T[],
  max: number,
): PartitionSample<T> {
  const length = items[0]?.partition.length ?? 0
  if (items.length <= max) return { items }
  if (length === '2001-03-04-17'.length) {
    const hour = largestHour(items)
    return {
      items: sampleEvenly(
        items.filter(({ partition }) => partition.endsWith(hour)),
        max,
      ),
      of: `hour ${hour.slice(1)}`,
    }
  }
  if (length !== '2001-03-04'.length) return { items: sampleEvenly(items, max) }
  const weekday = new Date(items.at(-1)?.partition ?? '').getUTCDay()
  const alike = items.filter(({ partition }) => new Date(partition).getUTCDay() === weekday)
  return { items: sampleEvenly(alike, max), of: WEEKDAYS[weekday] ?? '' }
}

/** The ending of the partitions' names, as `-17`. */
function largestHour(items: readonly { readonly partition: string; readonly size: number }[]): string {
  const bytes = new Map<string, number>()
  for (const { partition, size } of items) bytes.set(partition.slice(-3), (bytes.get(partition.slice(-3)) ?? 0) + size)
  return [...bytes].reduce((largest, one) => (one[1] > largest[1] ? one : largest))[0]
}
