/* ---
description: Loads of a day.
entity: who
grain: day
inputs: {loads: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM loads GROUP BY who
