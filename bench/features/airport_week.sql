/* ---
description: How busy and how late each airport has run over the past week.
entity: origin
grain: day
zone: America/New_York
inputs:
  flights: 7 days
warm_up: compute
expect:
  - departures_7d > 0
  - departures_1d <= departures_7d
  - mean_delay_7d between -120 and 1440
--- */
SELECT origin,
       count(*)                                AS departures_7d,
       count(*) FILTER (WHERE date >= $start)  AS departures_1d,
       avg(delay)                              AS mean_delay_7d
FROM flights
GROUP BY origin
