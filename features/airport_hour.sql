/* ---
description: Departures and delay of each airport in one hour, small enough to keep when the flights are gone.
entity: origin
grain: hour
inputs:
  flights: 1 hour
repair: 3 days                # older hours wait for a backfill
--- */
SELECT origin,
       count(*)    AS departures,
       sum(delay)  AS delay_sum
FROM flights
GROUP BY origin
