/* ---
description: Events of 2 days.
entity: who
grain: day
inputs: {events: 2 days}
warm_up: compute
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM events GROUP BY who
