/* ---
description: How today's traffic of each airport compares with its past four weeks.
entity: origin
grain: day
zone: America/New_York
inputs:
  today: {from: flights, window: 1 day}
  month: {from: flights, window: 28 days}
absent: {departures: 0}
expect:
  - load is null or load >= 0
--- */
WITH usual AS (
  SELECT origin, count(*) / 28.0 AS per_day, avg(delay) AS mean_delay FROM month GROUP BY origin
), now AS (
  SELECT origin, count(*) AS departures, avg(delay) AS mean_delay FROM today GROUP BY origin
)
SELECT usual.origin,
       coalesce(now.departures, 0)                            AS departures,
       coalesce(now.departures, 0) / nullif(usual.per_day, 0) AS load,
       now.mean_delay - usual.mean_delay                      AS delay_over_usual
FROM usual LEFT JOIN now ON now.origin = usual.origin
