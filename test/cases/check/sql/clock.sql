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
WHERE date > now()
  AND delya > 3
GROUP BY origin
