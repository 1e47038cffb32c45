/* ---
description: The week of each airport from its hours; equal to the same view over the flights.
entity: origin
grain: day
zone: America/New_York
inputs:
  hours: {from: airport_hour, window: 7 days}
warm_up: compute
--- */
SELECT origin,
       sum(departures)                                            AS departures_7d,
       sum(departures) FILTER (WHERE feature_time > $start)       AS departures_1d,
       CAST(sum(delay_sum) AS DOUBLE) / sum(departures)           AS mean_delay_7d
FROM hours
GROUP BY origin
