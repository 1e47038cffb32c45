/* ---
description: Events of a day.
entity: who
grain: day
inputs: {fields: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM fields GROUP BY who
