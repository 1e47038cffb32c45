/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
columns: {rows: how many}
absent:
  n: 0
  m: 0
--- */
SELECT origin, count(*) AS n FROM flights GROUP BY origin
