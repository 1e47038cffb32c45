/* ---
description: Rides of an hour.
entity: who
grain: hour
inputs: {rides: 1 hour}
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM rides GROUP BY who
