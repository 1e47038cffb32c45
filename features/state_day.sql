/* ---
description: Departures and delay of each state in a day, by the newest snapshot of the airports.
entity: state
grain: day
zone: America/New_York
inputs:
  flights: 1 day
  airports: latest
--- */
SELECT airports.state,
       count(*)                              AS departures,
       count(DISTINCT flights.destination)   AS destinations,
       avg(flights.delay)                    AS mean_delay
FROM flights
JOIN airports ON airports.iata = flights.origin
GROUP BY airports.state
