/* ---
description: Events of a day.
entity: who
grain: day
inputs: {lines: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM lines GROUP BY who
