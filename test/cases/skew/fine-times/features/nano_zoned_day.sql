/* ---
description: Events of a day.
entity: who
grain: day
inputs: {nano_zoned: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total, max(happened) AS newest FROM nano_zoned GROUP BY who
