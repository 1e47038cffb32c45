/* ---
description: The same without those.
entity: origin
grain: day
inputs: {flights: 1 day}
absent: {age: 0, n: 7, known: false, mean: 1.5}
carry: 60 days
--- */
SELECT origin, count(*) AS age, count(*) AS n, true AS known, avg(delay) AS mean FROM flights GROUP BY origin
