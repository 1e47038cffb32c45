/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
--- */
SELECT origin,
       count(*),
       count(*) AS Rows,
       count(*) AS dt,
       count(*) AS a__b,
       max(delay) AS worst,
       min(delay) AS worst
FROM flights
GROUP BY origin
