/* ---
description: Events of 1 day.
entity: who
grain: day
inputs:
  events: {from: block_source, window: 1 day}
warm_up: compute
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM events GROUP BY who
