/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
expect:
  - n > 0
  - m > 0
  - n
  - n > (SELECT 3)
  - feature_time < now()
  - n > $start
warn:
  - n > 0 AND count(*) > 3
  - n >
--- */
SELECT origin, count(*) AS n FROM flights GROUP BY origin
