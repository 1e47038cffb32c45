/* ---
description: A view with columns that a training set cannot take, and values that it could not give.
entity: origin
grain: day
inputs: {flights: 1 day}
absent: {age: 0.5, n: many, known: yes, origin: 0, gone: 1}
--- */
SELECT origin, count(*) AS age, count(*) AS n, true AS known FROM flights GROUP BY origin
