/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
expect:
  - count(*) > 0
--- */
SELECT origin, max(date) AS feature_time FROM flights GROUP BY origin
