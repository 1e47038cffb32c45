/* ---
description: Rides of one day.
entity: who
grain: day
zone: America/New_York
inputs: {naive: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM naive GROUP BY who
