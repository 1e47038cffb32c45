/* ---
description: Visits of a Tokyo day.
entity: who
grain: day
zone: Asia/Tokyo
inputs: {visits: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total, min(hour(seen)) AS first_hour FROM visits GROUP BY who
