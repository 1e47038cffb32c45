/* ---
description: Clicks of two days.
entity: who
grain: day
inputs: {clicks: 2 days}
warm_up: compute
--- */
SELECT who, count(*) AS n, sum(amount) AS total, count(*) FILTER (WHERE happened >= $start) AS today
FROM clicks GROUP BY who
