/* ---
description: Events of a day.
entity: who
grain: day
inputs: {micro: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total, max(happened) AS newest FROM micro GROUP BY who
