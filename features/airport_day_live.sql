/* ---
description: Departures and delay of each airport in a day, as the flights were reported.
entity: origin
grain: day
zone: America/New_York
inputs:
  flight_events: 1 day
columns:
  worst_delay: the largest arrival delay of the day in minutes
--- */
SELECT origin,
       count(*)     AS departures,
       avg(delay)   AS mean_delay,
       max(delay)   AS worst_delay
FROM flight_events
GROUP BY origin
