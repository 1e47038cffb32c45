/* ---
description: Rides of one hour.
entity: who
grain: hour
zone: UTC
inputs: {stamped: 1 hour}
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM stamped GROUP BY who
