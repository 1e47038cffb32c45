/* ---
description: How busy and how late each airport has run over the past week.
entity: origin
grain: day
zone: America/New_York
inputs:
  flights: 7 days
warm_up: compute              # the first six days count what there is
available_after: 30 minutes
absent: {departures_7d: 0, departures_1d: 0}
columns:
  departures_7d: flights scheduled to leave in the past seven days
  mean_delay_7d: mean arrival delay of those flights in minutes
  mean_delay_1d: the same of the last of these days
expect:
  - departures_7d > 0
  - departures_1d <= departures_7d
  - mean_delay_7d between -120 and 1440
  - count(*) > 100
--- */
SELECT origin,
       count(*)                                AS departures_7d,
       count(*) FILTER (WHERE date >= $start)  AS departures_1d,
       avg(delay)                              AS mean_delay_7d,
       avg(delay) FILTER (WHERE date >= $start) AS mean_delay_1d
FROM flights
GROUP BY origin
