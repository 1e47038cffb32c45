/* ---
description: Events of two days, from the days.
entity: who
grain: day
inputs:
  days: {from: events_day, window: 2 days}
warm_up: compute
--- */
SELECT who, count(*) AS days_seen, sum(total) AS total, count(*) FILTER (WHERE feature_time = $end) AS newest FROM days GROUP BY who
