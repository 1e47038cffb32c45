export const TIME_TOKENS = ['yyyy', 'MM', 'dd', 'HH'] as const
export type TimeToken = (typeof TIME_TOKENS)[number]

/** Parts of a local time as a key spells them, with leading zeros. */
export type TimeParts = Readonly<Partial<Record<TimeToken, string>>>

/** The time in one segment of a key. */
export interface SegmentTime {
  /** The segment with tokens in place of its time: `dt={yyyy}-{MM}-{dd}`. */
  readonly text: string
  readonly parts: TimeParts
  /** Every part has its leading zero: a key template can read nothing else. */
  readonly padded: boolean
}

const DAY_HOUR = /(?<!\d)(?<yyyy>\d{4})(?<s>[-_.]?)(?<MM>\d{2})\k<s>(?<dd>\d{2})(?<t>[-_.T ]?)(?<HH>\d{2})(?!\d)/
const DAY = /(?<!\d)(?<yyyy>\d{4})(?<s>[-_.]?)(?<MM>\d{2})\k<s>(?<dd>\d{2})(?!\d)/
const MONTH = /(?<!\d)(?<yyyy>\d{4})(?<s>[-_.])(?<MM>\d{2})(?![-_.]?\d)/
const BARE_MONTH = /^(?<yyyy>\d{4})(?<MM>\d{2})$/
const YEAR = /^(?<yyyy>\d{4})$/

/** What people call the folders of one part of a time. */
const NAMES: Record<TimeToken, RegExp> = {
  yyyy: /^(y|yr|year|yyyy)$/i,
  MM: /^(m|mm|mo|mon|month)$/i,
  dd: /^(d|dd|day)$/i,
  HH: /^(h|hh|hr|hour)$/i,
}

const RANGE: Record<TimeToken, readonly [number, number]> = { yyyy: [1970, 2199], MM: [1, 12], dd: [1, 31], HH: [0, 23] }

/** `name=value` as Hive writes it; a name that is empty where there is none. */
export function splitNamed(segment: string): { readonly name: string; readonly value: string } {
  const at = segment.indexOf('=')
  return at < 1 ? { name: '', value: segment } : { name: segment.slice(0, at), value: segment.slice(at + 1) }
}

/**
 * The time that a folder's name adds to what the folders above it say; undefined where it adds none, or says another.
 * `bareHours` takes a number without a name under a day for an hour; it may be that of a shard.
 */
export function readFolderTime(segment: string, above: TimeParts, options: { readonly bareHours: boolean }): SegmentTime | undefined {
  const whole = wholeTime(segment)
  if (whole) return agrees(whole.parts, above) && TIME_TOKENS.some((token) => whole.parts[token] && !above[token]) ? whole : undefined
  return nextPart(segment, above, options)
}

/** The day or month in a file's name, which is no more than a hint: `events-2024-01-05.jsonl`. A number behind a day may be that of a part. */
export function readFileTime(name: string): TimeParts | undefined {
  return (search(name, DAY) ?? search(name, MONTH) ?? search(name.replace(/\..*$/, ''), BARE_MONTH))?.parts
}

function wholeTime(segment: string): SegmentTime | undefined {
  const found = search(segment, DAY_HOUR) ?? search(segment, DAY) ?? search(segment, MONTH)
  if (found) return found
  const { name, value } = splitNamed(segment)
  const short = search(value, BARE_MONTH) ?? (name === '' || NAMES.yyyy.test(name) ? search(value, YEAR) : undefined)
  return short && { ...short, text: segment.slice(0, segment.length - value.length) + short.text }
}

/** The one time in a text; one that holds two, such as a range of days, says nothing that we could rely on. */
function search(text: string, pattern: RegExp): SegmentTime | undefined {
  const match = pattern.exec(text)
  if (!match?.groups) return undefined
  const { yyyy, MM, dd, HH, s = '', t = '' } = match.groups
  const parts: TimeParts = { ...(yyyy && { yyyy }), ...(MM && { MM }), ...(dd && { dd }), ...(HH && { HH }) }
  const [before, after] = [text.slice(0, match.index), text.slice(match.index + match[0].length)]
  if (!isTime(parts) || [before, after].some((rest) => DAY.test(rest) || MONTH.test(rest))) return undefined
  const tokens = `{yyyy}${MM ? `${s}{MM}` : ''}${dd ? `${s}{dd}` : ''}${HH ? `${t}{HH}` : ''}`
  return { text: before + tokens + after, parts, padded: true }
}

/** A folder of one number under those that say the rest: `month=01`, `05`. */
function nextPart(segment: string, above: TimeParts, { bareHours }: { readonly bareHours: boolean }): SegmentTime | undefined {
  const token = TIME_TOKENS.find((one) => above[one] === undefined)
  const { name, value } = splitNamed(segment)
  if (token === undefined || token === 'yyyy' || !/^\d{1,2}$/.test(value)) return undefined
  if (name === '' ? token === 'HH' && !bareHours : !NAMES[token].test(name)) return undefined
  const parts = { [token]: value.padStart(2, '0') }
  if (!isTime({ ...above, ...parts })) return undefined
  return { text: `${segment.slice(0, segment.length - value.length)}{${token}}`, parts, padded: value.length === 2 }
}

/** Whether both say the same of what both say, and the first says it from the year on. */
function agrees(parts: TimeParts, above: TimeParts): boolean {
  const same = TIME_TOKENS.every((token) => above[token] === undefined || parts[token] === undefined || above[token] === parts[token])
  return same && (above.yyyy === undefined || parts.yyyy !== undefined)
}

/** Whether a folder's name says a time that is known already, such as `dt=2024-01-05` under `2024/01/05`. */
export function repeatsTime(value: string, known: TimeParts): boolean {
  const whole = wholeTime(value)
  return whole !== undefined && agrees(whole.parts, known)
}

function isTime(parts: TimeParts): boolean {
  const inRange = TIME_TOKENS.every((token) => {
    const [least, most] = RANGE[token]
    const value = Number(parts[token] ?? least)
    return value >= least && value <= most
  })
  const { yyyy, MM, dd } = parts
  return inRange && (dd === undefined || new Date(Date.UTC(Number(yyyy), Number(MM) - 1, Number(dd))).getUTCDate() === Number(dd))
}
