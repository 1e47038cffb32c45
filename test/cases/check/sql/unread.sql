/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
  day: {from: flights, window: 1 day}
--- */
SELECT origin, count(*) AS n FROM flights GROUP BY origin
