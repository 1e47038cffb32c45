import { zoneNamed } from '../model/zone.ts'

/** `2001-06-30 00:00`, with seconds only where there are some. */
export function renderLocal(iso: string, zone: string): string {
  const instant = Date.parse(iso)
  const text = new Date(instant + zoneNamed(zone).offsetAt(instant)).toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, text.slice(17, 19) === '00' ? 16 : 19)}`
}

/** `2001-06-30T04:00Z`. */
export function renderUtc(iso: string): string {
  return `${renderLocal(iso, 'UTC').replace(' ', 'T')}Z`
}

/** `[2001-06-30 00:00, 2001-07-01 00:00) America/New_York = [2001-06-30T04:00Z, 2001-07-01T04:00Z)`; in UTC said once. */
export function renderBounds(bounds: { readonly start?: string | undefined; readonly end: string }, zone: string): string {
  const { start, end } = bounds
  const both = (text: (iso: string) => string) => (start === undefined ? `(always, ${text(end)})` : `[${text(start)}, ${text(end)})`)
  const local = `${both((iso) => renderLocal(iso, zone))} ${zone}`
  return zone === 'UTC' ? local : `${local} = ${both(renderUtc)}`
}
