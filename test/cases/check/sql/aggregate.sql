/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
--- */
SELECT origin,
       sum(origin) AS n
FROM flights
GROUP BY origin
