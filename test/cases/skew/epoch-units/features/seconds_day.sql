/* ---
description: Events of a day.
entity: who
grain: day
inputs: {seconds: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total, max(t) AS newest FROM seconds GROUP BY who
