/* ---
description: Events of a day.
entity: who
grain: day
inputs: {nano_text: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total, max(happened) AS newest FROM nano_text GROUP BY who
