/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
--- */
SELECT origin, delay,
       count(*) AS n
FROM flights
GROUP BY origin
