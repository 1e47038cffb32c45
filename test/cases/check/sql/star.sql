/* ---
description: x
entity: origin
grain: day
inputs:
  flights: 7 days
--- */
-- everything
SELECT *
FROM flights
