/* ---
description: Rides of a New York day.
entity: who
grain: day
zone: America/New_York
inputs: {rides: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total, max(hour(seen)) AS last_hour FROM rides GROUP BY who
