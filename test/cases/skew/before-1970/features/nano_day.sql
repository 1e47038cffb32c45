/* ---
description: Events of a day.
entity: who
grain: day
inputs: {nano: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total, max(happened) AS newest FROM nano GROUP BY who
