/* ---
description: Events of a day.
entity: who
grain: day
inputs: {events: 1 day}
--- */
SELECT who, count(*) AS n, sum(amount) AS total,
       count(*) FILTER (WHERE happened = $start) AS at_start,
       count(*) FILTER (WHERE happened = $end - INTERVAL 1 MILLISECOND) AS just_before,
       count(*) FILTER (WHERE happened >= $end) AS at_end
FROM events GROUP BY who
