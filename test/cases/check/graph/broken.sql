/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
--- */
SELECT origin, max(delya) AS n FROM flights GROUP BY origin
