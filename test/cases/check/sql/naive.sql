/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
--- */
SELECT origin,
       count(*) AS n
FROM flights
WHERE booked >= $start
GROUP BY origin
