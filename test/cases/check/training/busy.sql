/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
expect:
  - n > 0
  - count(*) > 100
--- */
SELECT origin, count(*) AS n FROM flights GROUP BY origin
