/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
--- */
SELECT origin,
       max(id) AS id,
       max(date) - min(date) AS span,
       uuid5 AS u,
       {a: max(id)} AS s
FROM (SELECT origin, date, id, CAST(md5(origin) AS UUID) AS uuid5 FROM flights)
GROUP BY origin, uuid5
