/* ---
description: Rides of one hour.
entity: who
grain: hour
zone: UTC
inputs: {naive: 1 hour}
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM naive GROUP BY who
