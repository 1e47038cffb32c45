/* ---
description: Events of a day.
entity: who
grain: day
inputs: {lines_landed: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM lines_landed GROUP BY who
