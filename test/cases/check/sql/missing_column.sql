/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
--- */
SELECT origin, max(f.delya) AS worst
FROM flights f
GROUP BY origin
