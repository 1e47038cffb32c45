/* ---
description: Flights and delay of each route in a calendar month.
entity: [origin, destination]
grain: month
zone: America/New_York
inputs:
  flights: 1 month
--- */
SELECT origin,
       destination,
       count(*)                                AS flights,
       avg(delay)                              AS mean_delay,
       quantile_disc(delay, 0.9)               AS delay_p90,
       count(*) FILTER (WHERE delay > 15)      AS late_flights
FROM flights
GROUP BY origin, destination
