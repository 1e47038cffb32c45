/* ---
description: Orders of a day.
entity: who
grain: day
inputs: {orders: 1 day}
absent: {n: 0}
--- */
SELECT who, count(*) AS n, count(amount) AS known, sum(amount) AS total, max(note) AS note FROM orders GROUP BY who
