/* ---
description: Events of a day.
entity: who
grain: day
inputs: {millis: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total, max(t) AS newest FROM millis GROUP BY who
