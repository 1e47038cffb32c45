/* ---
description: Events of a day.
entity: who
grain: day
inputs: {micro_units: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total, max(happened) AS newest FROM micro_units GROUP BY who
