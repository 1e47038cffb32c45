import { openProject } from './run-cli.ts'

export const RIDES_NOW = '2001-04-06T12:00:00Z'
const DAYS = ['2001-03-29', '2001-03-30', '2001-03-31', '2001-04-01', '2001-04-02', '2001-04-03', '2001-04-04', '2001-04-05']

const SOURCE = `description: Rides, in daily folders.
key: rides/dt={yyyy}-{MM}-{dd}/
key_zone: America/New_York
format: csv
event_time: began
folders: event_time
columns:
  began: TIMESTAMP
  driver: VARCHAR
  fare: DOUBLE
start: 2001-03-29
`

/** The view over rides, with another SELECT or more header lines. */
export function rideView(select = 'sum(fare) AS fares, max(began) AS last_ride', header = ''): string {
  return `/* ---
description: The rides of each driver in a day.
entity: driver
grain: day
zone: America/New_York
inputs:
  rides: 1 day
${header}--- */
SELECT driver, count(*) AS rides, ${select} FROM rides GROUP BY driver
`
}

export const rides = (day: string, ...rows: readonly string[]) => `began,driver,fare\n${rows.map((row) => `${day}T${row}\n`).join('')}`

/** Eight days in New York over a change of clocks (2001-04-01), three drivers a day, nothing computed yet. */
export function openRides(more: Readonly<Record<string, string>> = {}) {
  const objects = DAYS.map((day, at) => {
    const rows = ['09:00:00,ann,10.5', `10:30:00,bob,${at + 0.1}`, `22:30:00,bob,${at + 0.2}`, '11:00:00,cy,3']
    return [`lake/rides/dt=${day}/a.csv`, rides(day, ...rows)] as const
  })
  const definitions = { 'features/rides.source.yaml': SOURCE, 'features/driver_day.sql': rideView() }
  return openProject({ ...Object.fromEntries(objects), ...definitions, ...more }, RIDES_NOW)
}
