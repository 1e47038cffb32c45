/* ---
description: x
entity: origin
grain: day
inputs:
  broken: 7 days
--- */
SELECT origin, sum(n) AS n FROM broken GROUP BY origin
